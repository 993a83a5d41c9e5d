"""CorrTrack's published code, run beside ours: in a process of its own, with the same weights.

Nothing of it is part of this project. A checkout is named by ``bench_corrtrack.py --public-code``:

    git clone --filter=blob:none --sparse https://github.com/anDoer/PoseTrack21
    git -C PoseTrack21 sparse-checkout set baselines

What is replaced, in that process only, so that it runs anywhere and on given weights:

- without a GPU, ``Tensor.cuda`` and ``Module.cuda`` return what they are called on;
- the download of ImageNet weights gives none;
- the networks get the weights of ours, their norm layers the same ``eps``, and are in test mode
  (the published script leaves them in training mode, which takes longer);
- progress bars, if ``tqdm`` is not installed.

All the rest is theirs: how a frame is read and brought to 512 x 512 pixels (not timed), that it
is embedded twice, that tracks are refined one after the other, and the tables of 80 people.
"""

import io
import json
import subprocess
import sys
import time
import types
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

HOW_TO_GET = (
    "the published code is not compared: get it (git clone "
    "https://github.com/anDoer/PoseTrack21) and name the clone by --public-code"
)
NOT_GIVEN = "nothing: the published code was not given (--public-code)"
LAYERS = (nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d)
CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)
THRESHOLDS = dict(joint_threshold=0.1, min_keypoints=2)
PARTS = ("embed", "affinities", "tracking")


def baselines(folder: Path) -> Path:
    """The folder of the code in a clone.

    Raises:
        SystemExit: It is not there.
    """
    for place in (folder / "baselines", folder):
        if (place / "corrtrack/inference/run_corrtrack.py").is_file():
            return place.resolve()
    raise SystemExit(f"--public-code: no baselines/corrtrack in {folder}")


def layers_of(modules: list[nn.Module]) -> Iterator[nn.Module]:
    """Convolutions and norm layers, in order."""
    for module in modules:
        yield from (layer for layer in module.modules() if isinstance(layer, LAYERS))


def numbers_of(layer: nn.Module) -> tuple[list[Tensor], float]:
    """All tensors of a layer, and its ``eps``, 0 of a convolution."""
    if isinstance(layer, CONVOLUTIONS):
        bias = layer.bias
        if bias is None:
            channels = layer.out_channels
            bias = torch.zeros(channels, device=layer.weight.device)
        return [layer.weight, bias], 0.0
    return [layer.weight, layer.bias, layer.running_mean, layer.running_var], layer.eps


class PublicCode:
    """The other process, as a context.

    Args:
        code: :func:`baselines`.
        folder: For the data that are handed over.
        layers: Of our networks, in the order of theirs: stem, blocks and decoder of the
            embedding, blocks and decoder of the refinement.
        threads: Of torch.
    """

    def __init__(self, code: Path, folder: Path, layers: list[nn.Module], threads: int):
        self.folder = folder
        data = {}
        for i, layer in enumerate(layers):
            tensors, eps = numbers_of(layer)
            data[f"eps_{i}"] = np.array(eps)
            for j, tensor in enumerate(tensors):
                data[f"layer_{i}_{j}"] = tensor.detach().cpu().numpy()
        np.savez(folder / "weights.npz", **data)
        self._process = subprocess.Popen(
            [sys.executable, __file__, code, folder, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "PublicCode":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait()

    def put(self, images: np.ndarray, keypoints: np.ndarray) -> None:
        """Hand over two frames.

        Args:
            images: (2, H, W, 3) uint8 BGR.
            keypoints: (2, P, 17, 2), of the same people in both, pixels.
        """
        for i, image in enumerate(images):
            cv2.imwrite(str(self.folder / f"{i}.png"), image)
        np.save(self.folder / "keypoints.npy", keypoints)
        self._ask("take", 0)

    def frame(self, people: int) -> dict[str, float]:
        """Seconds of embedding, affinities and tracking of the second frame."""
        return self._ask("frame", people)

    def work(self, people: int) -> float:
        """:func:`gflop` of :meth:`frame`."""
        return self._ask("work", people)

    def maps(self, people: int) -> dict[str, np.ndarray]:
        """``embedding`` (32, h, w) of the second frame; ``raw`` and ``refined`` (P, 17, h, w).

        The refined ones are logits.
        """
        self._ask("maps", people)
        with np.load(self.folder / "maps.npz") as found:
            return dict(found)

    def _ask(self, *request: Any) -> Any:
        print(json.dumps(request), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the published code ended with an error, see above")
        return json.loads(answer)


# ------------------------------------------------------------------------- the other process


def replace_what_lacks() -> None:
    """See the module."""
    from torch.utils import model_zoo

    model_zoo.load_url = lambda *_, **__: {}
    if not torch.cuda.is_available():
        for kind in (Tensor, nn.Module):
            kind.cuda = lambda self, *_, **__: self
    try:
        import tqdm  # noqa: F401
    except ImportError:
        sys.modules["tqdm"] = types.SimpleNamespace(tqdm=lambda things, **_: things)


class Theirs:
    """Their parts, with the data."""

    def __init__(self, folder: Path):
        from corrtrack.inference import run_corrtrack
        from models.correspondences.siamese_refinement_model import Siamese

        self.code, self.folder = run_corrtrack, folder
        with redirect_stdout(io.StringIO()):
            self.model = Siamese(128).eval().cuda()
        with np.load(folder / "weights.npz") as data:
            self._load(data)

    def take(self, _: int) -> dict:
        """Take the frames that were handed over."""
        self.keypoints = np.load(self.folder / "keypoints.npy")
        return {}

    @torch.no_grad()
    def _load(self, data: Any) -> None:
        layers = list(layers_of([self.model.model, self.model.pd]))
        if f"eps_{len(layers)}" in data or f"eps_{len(layers) - 1}" not in data:
            raise RuntimeError(f"their networks have {len(layers)} layers, ours another number")
        for i, layer in enumerate(layers):
            for j, tensor in enumerate(numbers_of(layer)[0]):
                tensor.copy_(torch.from_numpy(data[f"layer_{i}_{j}"]))
            if isinstance(layer, nn.BatchNorm2d):
                layer.eps = float(data[f"eps_{i}"])

    def data(self, people: int) -> tuple[list[Tensor], list[dict], list[int]]:
        """Both frames as their script has them: images, metadata, flags of the poses."""
        records = [
            dict(
                image_id=frame,
                keypoints=np.insert(person, 2, 1, axis=1).flatten().tolist(),
                scores=[1.0] * len(person),
            )
            for frame, poses in enumerate(self.keypoints)
            for person in poses[:people]
        ]
        images = [dict(id=frame, file_name=f"{frame}.png") for frame in range(2)]
        sequence = self.code.Sequence(
            dict(images=images, annotations=records), f"{self.folder}/", 0.1
        )
        pictures, known = [], []
        for i in range(2):
            picture, keypoints, ids, warps, boxes, original = sequence[i]
            pictures.append(picture[None])
            rows = dict(kpts=keypoints, bbs=boxes, original_kpts=original)
            rows = {name: value.numpy() for name, value in rows.items()}
            known.append(dict(rows, anno_ids=ids, warps=warps))
        return pictures, known, sequence.get_ann_ids()

    def embed(self, picture: Tensor) -> Tensor:
        """As in their script."""
        with torch.no_grad():
            first, _ = self.model(
                picture.cuda(non_blocking=True),
                picture.cuda(non_blocking=True),
                queries=None,
                embeddings_only=True,
            )
        return first[0]

    def frame(self, people: int) -> dict[str, float]:
        """Seconds of the second frame."""
        pictures, known, used = self.data(people)
        features = [self.embed(pictures[0])]
        tracks = self.code.initialize_tracks(known[0], features[0], **THRESHOLDS)
        times = [now()]
        features.append(self.embed(pictures[1]))
        times.append(now())
        clean, scores, votes = self.code.get_affinities(
            tracks,
            features,
            self.model,
            known[1],
            1,
            break_tracks=True,
            corr_threshold=0.3,
            oks_threshold=0.2,
            res_h=128,
            res_w=128,
            max_detections_per_image=80,
            **THRESHOLDS,
        )
        times.append(now())
        self.code.perform_tracking(
            tracks,
            scores,
            clean,
            votes,
            known[1],
            features,
            ann_ids=used,
            f=1,
            max_detections_per_image=80,
            duplicate_ratio=0.6,
            break_tracks=True,
            **THRESHOLDS,
        )
        times.append(now())
        return dict(zip(PARTS, np.diff(times).tolist(), strict=True), tracks=len(clean))

    def work(self, people: int) -> float:
        """Of the second frame, without the embedding of the first."""
        picture = self.data(people)[0][0]
        return gflop(lambda: self.frame(people)) - gflop(lambda: self.embed(picture))

    @torch.no_grad()
    def maps(self, people: int) -> dict:
        """Write the embedding of the second frame, and the maps of the people of the first."""
        pictures, known, _ = self.data(people)
        first, second = (self.embed(picture)[None] for picture in pictures)
        queries = [self.code.build_querie(known[0]["kpts"][k]) for k in range(people)]
        raw = [self.model.get_corr_maps3x3(first, second, query) for query in queries]
        refined = [self.model(first, second, query, False, True) for query in queries]
        maps = dict(embedding=second[0], raw=torch.cat(raw), refined=torch.cat(refined))
        maps = {name: value.cpu().numpy() for name, value in maps.items()}
        np.savez(self.folder / "maps.npz", **maps)
        return {}


def now() -> float:
    """Seconds, once the device is done; of the processor's time, if there is but one thread.

    That is what a clock shows on a machine that does nothing else.
    """
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    elif torch.get_num_threads() == 1:
        return time.process_time()
    return time.perf_counter()


def gflop(function: Callable[[], object]) -> float:
    """Billions of multiplications and additions of a call's convolutions and matrix products."""
    with FlopCounterMode(display=False) as counter:
        function()
    return counter.get_total_flops() / 1e9


def serve(code: str, folder: str, threads: str) -> None:
    """Answer requests, one JSON per line, until the input ends."""
    torch.set_num_threads(int(threads))
    sys.path[0] = code  # instead of the folder of this file, whose common.py is another one
    replace_what_lacks()
    theirs = Theirs(Path(folder))
    for line in sys.stdin:
        name, people = json.loads(line)
        print(json.dumps(getattr(theirs, name)(people)), flush=True)


if __name__ == "__main__":
    serve(*sys.argv[1:])
