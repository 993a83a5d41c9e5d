"""What pose entailment costs: KeyTrack's matching network, and trackers of known poses with it.

"Paper" is configs/_base_/models/keytrack.py (15 joints, 4 layers, the poses of 4 frames, of each
the 5 nearest), with the weights it starts from, since time does not hang on them; "shipped" is
configs/keytrack/keytrack-tracker.py with its weights.

- batched_pairs_speedup: pairs per second of PoseEntailment.pairwise for the pairs of a frame of 10
  people in one call, against one call for each pair.
- matmul_peak_share: floating point operations per second of the same call against those of a large
  single-precision matrix product on this machine. Counted are the multiply-adds (2 operations
  each) that are really done in linear layers and attention; _full: as if every layer had all rows
  of every pair. Norms, softmax, GELU and look-ups take time but are not counted.
- tracker_fps, tracker_fps_paper: frames per second of the whole trackers.
- frame_ms_*: milliseconds of a frame with so many people who move, or with so many remembered
  frames (paper) or poses of a track (shipped's networks, without weights, since these belong to a
  length of the history). People get smaller as they get more, as in a crowd.
- frame_time_growth_*: a frame's time in the last 100 of 1000 frames (300 in the quick form)
  against the first 100, while people keep leaving and new ones coming.
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from bench_tracker import rates, track_all
from common import arguments, emit, only_rows, paired, start
from mmengine.config import Config, ConfigDict
from mmpose.registry import MODELS
from mmpose.utils import register_all_modules
from pose_videos import SIZE, Video, add_annotations, annotation_folder, crowd, pose_videos
from torch import nn

from mmpose_temporal.models import PoseEntailment
from mmpose_temporal.models.trackers.association.depth import nearest_pairs
from mmpose_temporal.structures import People, cat_rows, select_all
from mmpose_temporal.testing import make_packet

ROOT = Path(__file__).resolve().parents[1]
PAPER = ROOT / "configs" / "_base_" / "models" / "keytrack.py"
SHIPPED = ROOT / "configs" / "keytrack" / "keytrack-tracker.py"
CROWD = "generated: people who walk straight on"


def build(kind: str, history: int | None = None) -> nn.Module:
    """The tracker of ``'paper'`` or ``'shipped'``, or one with another history."""
    torch.manual_seed(0)
    if kind == "paper":
        association = Config.fromfile(PAPER).keytrack_association
        config = ConfigDict(type="PoseOnlyTracker", association=association)
    else:
        config = Config.fromfile(SHIPPED).model
    if history is not None and kind == "paper":
        config.association.depth.history = history
    elif history is not None:
        config.association.similarity.history = history
        config.association.similarity.checkpoint = None
    return MODELS.build(config).eval()


def matcher_flops(similarity: PoseEntailment, poses: int, pairs: int) -> tuple[int, int]:
    """Floating point operations of linear layers and attention, 2 for a multiply-add.

    Args:
        similarity: Whose network.
        poses: Different poses among the pairs.
        pairs: Pairs that are scored.

    Returns:
        Those that are done: the first layer's queries, keys and values once per pose, of the last
        layer one query row and what follows it; and those if each pair did all rows itself.
    """
    network = similarity.network
    hidden, wide = network.hidden, network.layers[0].widen.out_features
    rows, layers = 2 * len(similarity.chosen), len(network.layers)
    project, ends = 3 * hidden**2, hidden**2 + 2 * hidden

    def after(queries: int) -> int:
        """Of a layer behind the projection: attention, its output, the two linear layers."""
        return queries * (2 * rows * hidden + hidden**2 + 2 * hidden * wide)

    full = layers * (rows * project + after(rows)) + ends
    # The last layer: keys and values of all rows, query of one.
    saved = (rows - 1) * hidden**2 + after(rows) - after(1) if layers > 1 else 0
    saved += after(rows) - after(1) if layers == 1 else 0
    done = full - saved - rows * project
    return 2 * (poses * rows // 2 * project + pairs * done), 2 * pairs * full


def bench_matcher(quick: bool) -> None:
    """Rows of the matching network alone."""
    tracker = build("paper")
    similarity, depth = tracker.association.similarity, tracker.association.depth
    video = crowd(10, depth.history + 1)
    earlier = [
        similarity.embed(make_packet(poses, tick=sample.frame_index, frame_size=SIZE))
        for sample, poses in video
    ]
    current, stack = earlier.pop(), cat_rows(earlier)
    before = People.cat([poses for _, poses in video[:-1]])
    chosen = nearest_pairs(video[-1][1], before, stack["time"], depth.nearest)
    rows, columns = chosen.nonzero()

    def singly() -> np.ndarray:
        scores = np.zeros(chosen.shape, np.float32)
        for i, j in zip(rows.tolist(), columns.tolist(), strict=True):
            first = select_all(current, slice(i, i + 1))
            second = select_all(stack, slice(j, j + 1))
            scores[i, j] = similarity.pairwise(first, second).total[0, 0]
        return scores

    def batched() -> np.ndarray:
        return similarity.pairwise(current, stack, chosen).total

    difference = float(np.abs(singly() - batched()).max())
    if difference > 1e-5:
        raise RuntimeError(f"the two ways differ by {difference}")
    slow, fast = paired(singly, batched, 5 if quick else 15)
    threads = f"{torch.get_num_threads()} threads"
    emit(
        "batched_pairs_speedup",
        [a / b for a, b in zip(slow, fast, strict=True)],
        unit="x",
        target=None,
        reference=f"one call per pair, {len(rows) / np.median(slow):.0f} pairs/s; batched "
        f"{len(rows) / np.median(fast):.0f} pairs/s, {len(rows)} pairs of 10 people with the "
        f"{depth.nearest} nearest of {depth.history} frames; largest difference "
        f"{difference:.0e}; {threads}",
        data=CROWD,
    )
    side = 1536
    matrix = torch.randn(side, side)
    product, matcher = paired(lambda: matrix @ matrix, batched, 10 if quick else 40)
    done, full = matcher_flops(similarity, sum(map(len, (video[-1][1], before))), len(rows))
    peak = 2 * side**3
    for name, flops, text in (
        (
            "matmul_peak_share",
            done,
            "done (first projection once per pose, of the last layer one query row)",
        ),
        ("matmul_peak_share_full", full, "if every pair did all rows of every layer"),
    ):
        emit(
            name,
            [flops / m / (peak / p) for m, p in zip(matcher, product, strict=True)],
            unit="of the peak",
            target=">= 0.5" if name == "matmul_peak_share" else None,
            reference=f"float32 product of two {side} x {side} matrices, "
            f"{peak / np.median(product) / 1e9:.0f} GFLOP/s; {flops / 1e9:.2f} GFLOP of linear "
            f"layers and attention {text}; {len(rows)} pairs, {threads}",
            data=CROWD,
            digits=3,
        )


def bench_speed(folder: Path | None, quick: bool) -> None:
    """Rows of the whole trackers."""
    data, frames = pose_videos(folder)
    if quick:
        frames = frames[::5]
        data += f", {len(frames)} of them"
    number, poses = sum(map(len, frames)), sum(len(p) for video in frames for _, p in video)
    for kind, row, target, repeats in (
        ("shipped", "tracker_fps", ">= 100", 3 if quick else 7),
        ("paper", "tracker_fps_paper", None, 1 if quick else 5),
    ):
        tracker = build(kind)
        emit(
            row,
            rates(lambda t=tracker: track_all(t, frames), number, repeats),
            unit="frames/s",
            target=target,
            reference=f"{kind}, everything between poses and ids; {number} frames of "
            f"{len(frames)} videos, {poses / number:.1f} people per frame, "
            f"{torch.get_num_threads()} threads",
            data=data,
            digits=0,
        )


def frame_times(tracker: nn.Module, video: Video) -> np.ndarray:
    """(T,) milliseconds of each frame."""
    times = [time.perf_counter()]
    for sample, poses in video:
        tracker.track(sample, poses)
        times.append(time.perf_counter())
    return np.diff(times) * 1000


def counted(tracker: nn.Module) -> Callable[[], int]:
    """Counts what goes through the tracker's matching network from now on."""
    total = 0

    def add(_: nn.Module, inputs: tuple) -> None:
        nonlocal total
        total += len(inputs[0])

    tracker.association.similarity.network.register_forward_pre_hook(add)
    return lambda: total


def bench_people(quick: bool) -> None:
    """Rows of a frame's time by people and by history."""
    # (people, history, frames)
    rows = [(10, None, 30), (50, None, 10), (200, None, 8)]
    rows += [(10, history, 30) for history in (1, 2, 4)]
    for kind in ("shipped", "paper"):
        for people, history, frames in rows:
            history = history if history is None or kind == "paper" else history + 2 - history % 2
            settled = 7 if people < 200 else 4  # by then the paper's memory is full
            frames = settled + max(2, (frames - settled) // (4 if quick else 1))
            tracker, video = build(kind, history), crowd(people, frames)
            frame_times(tracker, video[:settled])
            pairs = counted(tracker)
            times = frame_times(tracker, video[settled:])
            name = f"{people}_people" if history is None else f"history_{history}"
            emit(
                f"frame_ms_{kind}_{name}",
                times,
                unit="ms",
                target=None,
                reference=f"{people} people of {len(times)} frames of {SIZE[0]}x{SIZE[1]}, "
                f"{pairs() / len(times):.0f} pairs through the network per frame",
                data=CROWD,
                digits=1,
            )


def bench_growth(people: int, length: int) -> None:
    """Rows of a frame's time early and late in a video, by two trackers in turn."""
    video, window = crowd(people, length, stay=50), 100
    for kind in ("shipped", "paper"):
        late, early = build(kind), build(kind)
        frame_times(late, video[:-window])
        pairs = zip(video[-window:], video, strict=False)
        times = np.array(
            [(*frame_times(late, [last]), *frame_times(early, [first])) for last, first in pairs]
        )
        # Of blocks of 18 frames, after the first ten in which the memory fills.
        last, first = np.median(times[10:].reshape(-1, 18, 2), axis=1).T
        emit(
            f"frame_time_growth_{kind}",
            last / first,
            unit="x",
            target="<= 1.1",
            reference=f"the last {window - 10} frames of a video of {length} against frames 10 to "
            f"{window}, each by a tracker of its own, in turn: {np.median(last):.2f} against "
            f"{np.median(first):.2f} ms; {people} people at a time, {people * length // 50} "
            "altogether",
            data=CROWD,
        )


def main() -> None:
    """Run."""
    parser = arguments(__doc__.split("\n")[0])
    add_annotations(parser)
    args = parser.parse_args()
    folder = annotation_folder(args)
    with only_rows():
        register_all_modules()
        bench_matcher(args.quick)
        bench_speed(folder, args.quick)
        bench_people(args.quick)
        bench_growth(people=2 if args.quick else 5, length=300 if args.quick else 1000)


if __name__ == "__main__":
    start(main)
