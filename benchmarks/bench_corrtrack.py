"""What CorrTrack's correspondences cost.

On a CPU everything runs on ``--threads`` threads, one by default; the time of one thread is the
processor's, which other programs on the machine do not add to. The networks are the paper's, with
random weights, whose refined confidences are about 0.5, so that all joints count as found.

- affinity_speedup_*: affinities and their highest cells, of the 17 joints of so many people in a
  128x128x32 embedding, in one gather and one convolution, against a loop that makes a filter per
  joint. Both get normalised embeddings.
- split_first_layer_*: the refinement of so many people whose first layer sees the embeddings once
  per pair of frames, against the same on the whole concatenation of each person; _alone: that
  layer by itself.
- association_ms_*: a frame from its image (1280x720) and poses to ids: letterbox, embedding,
  affinities, refinement, the three similarities, assignment and duplicates, with so many people
  and tracks; padded to 512x512 as the published code does. _default: only up to a multiple of 32
  (512x288).
- association_speedup_*: the published code (``--public-code CLONE``, see corrtrack_public.py)
  against the former, in turn: the same frames, people, joints, weights and threads, and without
  _default the same size of the input.
- embeddings_per_frame: images that go through the embedding per frame of a drawn video, with
  recovery, similarity and merging by correspondences.
"""

import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np
import torch
from common import arguments, emit, only_rows, paired, start
from corrtrack_parts import (
    CHANNELS,
    JOINTS,
    Frame,
    build_encoder,
    difference_to,
    encoder_config,
    layers_like_theirs,
    looped,
    standing,
    together,
)
from corrtrack_public import HOW_TO_GET, NOT_GIVEN, PARTS, PublicCode, baselines, gflop, now
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from mmpose.utils import register_all_modules
from torch import Tensor, nn

from mmpose_temporal.models.correspondences import lift
from mmpose_temporal.models.correspondences.affinity import normalised
from mmpose_temporal.testing import draw_video, tiny_tracker_config, track_frames

SIDE = 128
MAPS = "generated: random embeddings"
FRAMES = "generated: noise, people who stand in rows, random weights"
PEOPLE = (1, 10, 30)


def count(people: int) -> str:
    """In words."""
    return f"{people} {'person' if people == 1 else 'people'}"


def speedup(name: str, slow: list[float], fast: list[float], text: str, **row: object) -> None:
    """Print a row of the ratio of two times."""
    emit(
        name,
        [a / b for a, b in zip(slow, fast, strict=True)],
        unit="x",
        reference=f"{text}; {1000 * np.median(slow):.0f} against {1000 * np.median(fast):.0f} ms",
        **row,
    )


# ------------------------------------------------------------------------------ affinities


@torch.no_grad()
def bench_affinities(device: torch.device, quick: bool) -> None:
    """Rows of the affinities."""
    torch.manual_seed(0)
    source, target = (
        normalised(torch.randn(1, CHANNELS, SIDE, SIDE, device=device), "cosine") * 3
        for _ in range(2)
    )
    for people in PEOPLE:
        cells = torch.randint(SIDE, (1, people * JOINTS, 2), device=device)
        loop, ours = (partial(way, source, target, cells) for way in (looped, together))
        (maps, _, places), (our_maps, _, our_places) = loop(), ours()
        difference = (maps - our_maps).abs().max().item()
        if difference > 1e-5 or not torch.equal(places, our_places):
            raise RuntimeError(f"the two ways differ by {difference}")
        repeats = {1: 9, 10: 5, 30: 2}[people] if quick else 15
        slow, fast = paired(loop, ours, repeats, clock=now)
        speedup(
            f"affinity_speedup_{count(people).replace(' ', '_')}",
            slow,
            fast,
            f"a filter, a convolution and a softmax per joint, {people * JOINTS} joints, "
            f"{device.type}; largest difference {difference:.0e}, the same cells",
            target=">= 10" if people == 10 else None,
            data=MAPS,
            digits=1,
        )


# ------------------------------------------------------------------------ the first layer


@torch.no_grad()
def bench_first_layer(network: nn.Module, device: torch.device, quick: bool) -> None:
    """Rows of the refinement's first layer."""
    torch.manual_seed(0)
    refinement = network.refinement
    pair = torch.randn(1, 2 * CHANNELS, SIDE, SIDE, device=device)
    own = slice(2 * CHANNELS, 2 * CHANNELS + JOINTS)
    for people in (10,) if quick else PEOPLE:
        maps = torch.rand(people, JOINTS, SIDE, SIDE, device=device) * 100 / SIDE**2
        owners = torch.zeros(people, dtype=torch.long, device=device)

        def whole(maps: Tensor = maps) -> Tensor:
            joined = [pair.expand(len(maps), -1, -1, -1), lift(maps)]
            return refinement.body.enter(torch.cat(joined, 1))

        def split(maps: Tensor = maps) -> Tensor:
            shared = refinement.shared(*pair.split(CHANNELS, 1))
            return shared + refinement.body.enter(lift(maps), own)

        def refined_whole(whole: Callable = whole) -> Tensor:
            return refinement.decoder(refinement.body.rest(whole()))[0]

        def refined_split(maps: Tensor = maps, owners: Tensor = owners) -> Tensor:
            return refinement(refinement.shared(*pair.split(CHANNELS, 1)), owners, maps)

        difference = (whole() - split()).abs().max().item()
        if difference > 1e-4:
            raise RuntimeError(f"the two ways differ by {difference}")
        name = f"split_first_layer_{count(people).replace(' ', '_')}"
        text = f"all {2 * CHANNELS + JOINTS} channels of each person, {device.type}"
        kinds = [(f"{name}_alone", whole, split, "that layer by itself", 5 if quick else 15)]
        if not quick and people == 10:
            kinds.append((name, refined_whole, refined_split, "the whole refinement", 5))
        for row, slow, fast, what, repeats in kinds:
            times = paired(slow, fast, repeats, clock=now)
            text_of_row = f"{text}; {what}; largest difference of the layer {difference:.0e}"
            speedup(row, *times, text_of_row, target=None, data=MAPS)


# ------------------------------------------------------------------------------ the frame


def bench_frame(encoder: nn.Module, code: Path | None, people: int, repeats: int) -> None:
    """Rows of a frame with so many people."""
    data = standing(people, (1280, 720))
    frames = [Frame(encoder, *data, square=square) for square in (True, False)]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        runs, agree = list(frames), ""
        if code is not None:
            layers = layers_like_theirs(encoder.network)
            public = PublicCode(code, Path(folder), layers, torch.get_num_threads())
            stack.enter_context(public)
            difference = difference_to(public, encoder.network)
            if difference > 1e-3:
                raise RuntimeError(f"our networks and the published ones differ by {difference}")
            agree = (
                "the same weights (embeddings, affinities and refined maps differ by "
                f"{difference:.0e} of their range at most)"
            )
            public.put(*data)
            runs.append(lambda: public.frame(people))
            theirs_work = public.work(people)
        work = [gflop(frame) for frame in frames]  # which warms up too
        times = [[run() for run in runs] for _ in range(repeats)]
    ours, default, *theirs = (list(column) for column in zip(*times, strict=True))
    device = next(encoder.parameters()).device.type
    many = count(people)
    text = f"{many} and as many tracks, {device}, {torch.get_num_threads()} threads"
    kinds = zip(("", "_default"), ("512x512", "512x288"), (ours, default), work, strict=True)
    for kind, size, column, own_work in kinds:
        name = f"{many.replace(' ', '_')}{kind}"
        parts = f"{in_words(column, Frame.PARTS)}, {own_work:.0f} GFLOP"
        emit(
            f"association_ms_{name}",
            [1000 * seconds for seconds in total(column, Frame.PARTS)],
            unit="ms",
            target=None,
            reference=f"{'nothing' if theirs else NOT_GIVEN}; input of {size}; {parts}; {text}",
            data=FRAMES,
            digits=0,
        )
        if theirs:
            speedup(
                f"association_speedup_{name}",
                total(theirs[0], PARTS),
                total(column, Frame.PARTS),
                f"the published code at 512x512: {in_words(theirs[0], PARTS)}, "
                f"{theirs_work:.0f} GFLOP; ours at {size}: {parts}; {agree}; {text}",
                target=">= 5" if people == 10 and not kind else None,
                data=FRAMES,
            )


def total(times: list[dict[str, float]], names: Sequence[str]) -> list[float]:
    """Seconds of all parts."""
    return [sum(row[name] for name in names) for row in times]


def in_words(times: list[dict[str, float]], names: Sequence[str]) -> str:
    """Median milliseconds of the parts."""
    parts = [f"{name} {1000 * np.median([row[name] for row in times]):.0f}" for name in names]
    return f"{', '.join(parts)} ms"


def story(length: int) -> list:
    """A drawn video: one person is always found, one is missed at times, one goes and returns."""
    frames, hidden = [], []
    for index in range(length):
        boxes = dict(
            seen=[4 + index, 20, 34 + index, 90], missed=[80 + index, 10, 110 + index, 80]
        )
        if not length // 3 <= index < length // 2:
            boxes["back"] = [200, 25 + index, 230, 95 + index]
        if index % 4 == 3:
            hidden.append((index, "missed"))
        frames.append(boxes)
    return draw_video("v", frames, hidden=hidden)


@torch.no_grad()
def bench_embeddings(length: int) -> None:
    """Row of what is embedded."""
    torch.manual_seed(0)
    tracker = MODELS.build(
        tiny_tracker_config(
            estimator=dict(type="DrawnEstimator", matching_head=None),
            cropper=dict(type="TopdownCropper", input_size=(48, 64)),
            association=dict(similarity=dict(type="CorrespondenceSimilarity")),
            propagation=dict(type="CorrespondencePropagation"),
            suppression=[dict(type="OKSNMS", oks_thr=0.7, min_covered=0)],
            merging=dict(type="CorrespondenceMerging"),
            frame_encoder=encoder_config(0.125, long_side=320),
        )
    ).eval()
    network = tracker.frame_encoder.network
    nn.init.zeros_(network.refinement.bias)
    counts = dict(images=0, people=0)

    def count_calls(owner: nn.Module, name: str, place: int) -> None:
        def add(_: nn.Module, inputs: tuple) -> None:
            counts[name] += len(inputs[place])

        owner.register_forward_pre_hook(add)

    count_calls(network.embedding, "images", 0)
    count_calls(network.refinement, "people", 2)
    frames = story(length)
    samples = track_frames(tracker, frames)
    emit(
        "embeddings_per_frame",
        [counts["images"] / len(frames)],
        unit="images",
        target="1",
        reference=f"nothing; counted: {counts['images']} images through the embedding and "
        f"{counts['people']} people through the refinement in {len(samples)} frames, with "
        "CorrespondencePropagation, CorrespondenceSimilarity and CorrespondenceMerging",
        data="generated: a drawn video of three people, random weights",
    )


# ------------------------------------------------------------------------------------ all


def main() -> None:
    """Run."""
    parser = arguments(__doc__.split("\n")[0])
    parser.add_argument(
        "--public-code", type=Path, metavar="CLONE", help="see corrtrack_public.py"
    )
    parser.add_argument("--threads", type=int, default=1, help="of torch (default: 1)")
    args = parser.parse_args()
    code = None if args.public_code is None else baselines(args.public_code)
    if code is None:
        print(HOW_TO_GET, file=sys.stderr)
    with only_rows():
        bench(args.quick, code, args.threads)


def bench(quick: bool, code: Path | None, threads: int) -> None:
    """All rows."""
    register_all_modules()
    init_default_scope("mmpose")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.set_num_threads(threads)
    bench_affinities(device, quick)
    bench_embeddings(10 if quick else 30)
    encoder = build_encoder().to(device)
    bench_first_layer(encoder.network, device, quick)
    for people in (10,) if quick else PEOPLE:
        repeats = 1 if quick else {1: 9, 10: 5, 30: 3}[people]
        bench_frame(encoder, code, people, repeats)


if __name__ == "__main__":
    start(main)
