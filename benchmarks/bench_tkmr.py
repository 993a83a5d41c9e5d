"""What TKMR's matching and refinement cost.

- pair_speedup_*: scoring N x N pairs of people with 17 keypoints and 256 channels (Eq. 5). Ours:
  the first layer once per person of the new frame, then all pairs in one call. Reference: all
  pairs as concatenations through 17 separate nn.Sequential, one after the other; "gated" rows let
  only pairs with an IoU of 0.1 through on our side, as the tracker does.
- frame_time_share: what the matching and refinement modules, association by TKM and refinement
  (tau = 5, 16 candidates) add to the time of the pose network, for 10 people, with the shipped
  configs: M9 (HRNet-W48) on a GPU, M7 (ResNet-152) at 256x192 on a CPU, both with flip test.
  frame_time_share_hrnet_w48: M9 at 256x192 on a CPU, not in the quick form. HRNet's features have
  the heatmaps' resolution already, so there all of the matching module works at that resolution.
  frame_time_share_hrnet_w48_stride32: its variant in which it works up from stride 32, likewise.
- window_memory_ratio: most bytes held in tensors after 1000 frames against after 100.
"""

import argparse
import gc
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from common import arguments, emit, only_rows, paired, start
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from mmpose.utils import register_all_modules
from torch import Tensor, nn

from mmpose_temporal.models.heads import KeypointClassifiers
from mmpose_temporal.models.trackers import IoUGate
from mmpose_temporal.structures import People
from mmpose_temporal.testing import make_frame, random_poses, tiny_tkmr_config

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ROOT / "configs" / "tkmr" / "posetrack17"
ON_GPU = "tkmr-m9_hrnet-w48_8xb8-9e_posetrack17-384x288.py"
FROM_STRIDE_32 = "tkmr-m9-stride32_hrnet-w48_8xb8-9e_posetrack17-384x288.py"
ON_CPU = "tkmr-m7_res152_8xb8-9e_posetrack17-384x288.py"
K, C, N, PEOPLE = 17, 256, 16, 10
DATA = "generated: random poses and features"


def synchronized(function: Callable[[], object], device: torch.device) -> Callable[[], object]:
    """The function, ended only when the device is done."""

    def run() -> object:
        result = function()
        if device.type == "cuda":
            torch.cuda.synchronize()
        return result

    return run


def separate(classifiers: KeypointClassifiers) -> list[nn.Sequential]:
    """A network for each keypoint, with the same weights."""
    networks = []
    for k in range(classifiers.num_classifiers):
        layers = []
        for i in (1, 2, 3):
            weight, bias = (getattr(classifiers, f"{name}{i}")[k] for name in ("weight", "bias"))
            layer = nn.Linear(*weight.shape, device=weight.device)
            layer.weight.data.copy_(weight.T)
            layer.bias.data.copy_(bias)
            layers += [layer, nn.ReLU()]
        networks.append(nn.Sequential(*layers[:-1]))
    return networks


def naive(networks: list[nn.Sequential], now: Tensor, before: Tensor) -> Tensor:
    """(M, N) sums of probabilities, by concatenation."""
    shape = len(now), len(before), *now.shape[1:]
    pairs = torch.cat([now[:, None].expand(shape), before[None].expand(shape)], dim=-1)
    return sum(net(pairs[:, :, k]).softmax(-1)[..., 1] for k, net in enumerate(networks))


def bench_pairs(device: torch.device, quick: bool) -> None:
    """Rows of pair scoring."""
    torch.manual_seed(0)
    classifiers = KeypointClassifiers(num_classifiers=K, in_channels=C, channels=C).to(device)
    networks = separate(classifiers)
    gate = IoUGate(min_iou=0.1)
    for number in (5, 20, 50):
        now, before = (torch.randn(number, K, C, device=device) for _ in range(2))
        known = classifiers.project(before)[1]  # the previous frame has been embedded
        everyone = torch.ones(number, number, dtype=torch.bool, device=device)
        poses = [random_poses(number, seed=seed, size=(1280, 720)) for seed in (0, 1)]
        passed = torch.from_numpy(gate(*poses)).to(device)

        def ours(pairs: Tensor, now: Tensor = now, known: Tensor = known) -> Tensor:
            first, _ = classifiers.project(now)
            rows, columns = torch.nonzero(pairs, as_tuple=True)
            found = classifiers.pair_probabilities(first, known, rows, columns).sum(-1)
            return torch.zeros(pairs.shape, device=device).index_put((rows, columns), found)

        expected = naive(networks, now, before)
        difference = (ours(everyone) - expected).abs().max().item()
        if difference > 1e-4:
            raise RuntimeError(f"the two ways differ by {difference} at {number} x {number} pairs")
        for name, pairs in (("", everyone), ("_gated", passed)):
            if name and number != 20:
                continue
            slow, fast = paired(
                synchronized(lambda b=before, n=now: naive(networks, n, b), device),
                synchronized(lambda p=pairs, f=ours: f(p), device),
                (2 if number == 50 else 5) if quick else 15,
            )
            emit(
                f"pair_speedup_{number}x{number}{name}",
                [a / b for a, b in zip(slow, fast, strict=True)],
                unit="x",
                target=">= 2" if (number, name) == (20, "") else None,
                reference=f"17 separate classifiers on all concatenations, {device.type}; "
                f"{int(pairs.sum())} of {number**2} pairs scored, largest difference "
                f"{difference:.0e}",
                data=DATA,
            )


def build(name: str, device: torch.device) -> tuple[nn.Module, nn.Module, tuple[int, int]]:
    """Tracker of a shipped config, the same estimator without TKMR's heads, and the crop size."""
    config = Config.fromfile(CONFIGS / name).model
    estimator = config.estimator
    estimator.update(frozen=[], temporal_loss=None)
    estimator.backbone.pop("init_cfg", None)
    if device.type == "cpu":
        estimator.head.decoder.update(input_size=(192, 256), heatmap_size=(48, 64))
    config.box_source = None  # no detector
    tracker = MODELS.build(config).to(device).eval()
    plain = {k: v for k, v in estimator.items() if k in ("head", "backbone", "test_cfg", "neck")}
    plain = MODELS.build(dict(plain, type="TopdownPoseEstimator"))
    plain.backbone, plain.head = tracker.estimator.backbone, tracker.estimator.head
    return tracker, plain.to(device).eval(), tuple(estimator.head.decoder.input_size)


def person(size: tuple[int, int]) -> PoseDataSample:
    """The sample of a crop."""
    _, frame = make_frame(video_id="v", frame_index=0, num_frames=1, boxes=[[0, 0, 50, 90]])
    region = dict(input_center=np.float32([25, 45]), input_scale=np.float32([60, 80]))
    frame.set_metainfo(dict(region, input_size=size))
    return frame


def features(poses: People, channels: int, device: torch.device) -> dict[str, Tensor]:
    """What an estimator would predict for a frame's people."""
    number = len(poses)
    places = torch.from_numpy(poses.keypoints).to(device)[:, :, None].expand(-1, -1, N, -1)
    found = torch.randn(number, K, N, channels, device=device)
    return dict(
        keypoint_features=found[:, :, 0].clone(),
        candidates=places.contiguous(),
        candidate_scores=torch.rand(number, K, N, device=device),
        candidate_features=found,
        candidate_evidence=torch.randn(number, K, N, device=device),
    )


def follow(tracker: nn.Module, meta: dict, poses: People, rows: dict[str, Tensor]) -> None:
    """What a tracker does with the people of a frame after its estimator."""
    packet = tracker.pipeline.admit(PoseDataSample(metainfo=meta))
    packet.people = poses.with_extras(**rows)
    tracker.pipeline.track(packet)


def track(tracker: nn.Module, length: int, people: int, channels: int, device: torch.device):
    """Tracks people that stand still, frame by frame; yields the seconds of each frame."""
    poses = random_poses(people, seed=0, size=(1280, 720))
    for index in range(length):
        meta = dict(video_id="v", frame_index=index, num_frames=length)
        feats = features(poses, channels, device)
        step = synchronized(lambda m=meta, f=feats: follow(tracker, m, poses, f), device)
        start = time.perf_counter()
        step()
        yield time.perf_counter() - start


@torch.no_grad()
def bench_share(row: str, config: str, device: torch.device, quick: bool) -> None:
    """What is added to the pose network."""
    tracker, plain, size = build(config, device)
    # The network's time grows with the crops; a CPU in a hurry looks at two and scales.
    crops = PEOPLE if device.type == "cuda" or not quick else 2
    images = torch.randn(crops, 3, *size[::-1], device=device)
    samples = [person(size) for _ in range(crops)]
    network, whole = paired(
        synchronized(lambda: plain.predict(images, samples), device),
        synchronized(lambda: tracker.estimator.predict(images, samples), device),
        6 if quick else 5,  # quick on a CPU: two crops, so shorter and noisier
    )
    scale = PEOPLE / crops
    tau = tracker.refinement.tau
    seconds = list(track(tracker, 2 * tau + 9, PEOPLE, C, device))[2 * tau : -1]
    after = sorted(seconds)[len(seconds) // 2]
    reference = (
        f"backbone and prediction of {config.split('_8xb8')[0]} at {size[1]}x{size[0]}, "
        f"flip test, {PEOPLE} people"
        f"{'' if scale == 1 else f' (timed with {crops} crops, times {scale:g})'}, {device.type}"
    )
    modules = [(b - a) / a for a, b in zip(network, whole, strict=True)]
    tracking = [after / (a * scale) for a in network]
    emit(
        row,
        [m + t for m, t in zip(modules, tracking, strict=True)],
        unit="of the pose network",
        target="<= 0.15" if device.type == "cuda" else "<= 0.25",
        reference=reference,
        data=DATA,
        digits=3,
    )
    emit(
        f"{row}_tracking",
        tracking,
        unit="of the pose network",
        target=None,
        reference=f"{reference}: only association and refinement, {1000 * after:.0f} ms per frame",
        data=DATA,
        digits=3,
    )


def held() -> int:
    """Bytes in all tensors that are alive."""
    storages = {}
    for thing in gc.get_objects():
        if type(thing) is Tensor or type(thing) is nn.Parameter:
            storage = thing.untyped_storage()
            storages[storage.data_ptr()] = storage.nbytes()
    return sum(storages.values())


def bench_memory() -> None:
    """Does a longer video need more?"""
    most = []
    for length in (100, 1000):
        refinement = dict(type="TemporalRefinement", tau=5)
        tracker = MODELS.build(tiny_tkmr_config(refinement=refinement)).eval()
        gc.collect()
        before = held()
        frames = track(tracker, length, 2, 8, torch.device("cpu"))
        most.append(max(held() for i, _ in enumerate(frames) if i % 20 == 19) - before)
    emit(
        "window_memory_ratio",
        [most[1] / most[0]],
        unit="x",
        target="<= 1.05",
        reference=f"most bytes in tensors beside the weights: {most[0]} in 100 frames, {most[1]} "
        "in 1000; tau = 5",
        data=DATA,
    )


def main() -> None:
    """Run."""
    parser: argparse.ArgumentParser = arguments(__doc__.split("\n")[0])
    args = parser.parse_args()
    with only_rows():
        bench(args.quick)


def bench(quick: bool) -> None:
    """All rows."""
    register_all_modules()
    init_default_scope("mmpose")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    with torch.no_grad():
        bench_pairs(device, quick)
    on_gpu = device.type == "cuda"
    bench_share("frame_time_share", ON_GPU if on_gpu else ON_CPU, device, quick)
    if not on_gpu and not quick:
        bench_share("frame_time_share_hrnet_w48", ON_GPU, device, quick)
        bench_share("frame_time_share_hrnet_w48_stride32", FROM_STRIDE_32, device, quick)
    bench_memory()


if __name__ == "__main__":
    start(main)
