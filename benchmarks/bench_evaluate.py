"""AP and MOTA of whole videos against poseval, and how time and memory grow with the data.

Ours: evaluate_videos with metrics ('AP', 'MOTA'), checks of the input included. Reference: poseval
where it can be imported (environment variable POSEVAL_PATH, or on sys.path), else plain loops of
the same arithmetic (PCKh, assignment of people, AP, CLEAR-MOT) written here. Both start from what
is in memory, in their own layout. Input: the real annotations with people missed, moved, added and
swapped by a seeded generator, else generated videos of the same size.
"""

import contextlib
import io
import json
import os
import sys
import tempfile
import time
import tracemalloc
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from common import arguments, emit, only_rows, paired, start
from pose_videos import add_annotations, annotation_folder
from scipy.optimize import linear_sum_assignment

from mmpose_temporal.evaluation.functional import (
    JOINT_NAMES,
    GroundTruthFrame,
    PredictionFrame,
    VideoInput,
    evaluate_videos,
    head_sizes,
)
from mmpose_temporal.evaluation.video_files import read_truth
from mmpose_temporal.structures import POSETRACK17_JOINTS, SCORED_KEYPOINTS

BASE = ("AP", "MOTA")


def real_truth(folder: Path) -> list[list[GroundTruthFrame]]:
    """The annotated people of each frame of each video."""
    videos = []
    for path in sorted(folder.glob("*.json")):
        file = read_truth(path)
        sizes, points = head_sizes(file.head_boxes), file.keypoints[:, SCORED_KEYPOINTS]
        there = (points != 0).any(-1)
        videos.append(
            [
                GroundTruthFrame(points[p, :, :2], there[p], sizes[p], file.track_ids[p])
                for p in file.parts
            ]
        )
    return videos


def generated_truth(rng: np.random.Generator) -> list[list[GroundTruthFrame]]:
    """15 videos of 56 frames with 5 people who walk."""
    videos = []
    for _ in range(15):
        start, speed = rng.uniform(100, 800, (5, 1, 2)), rng.normal(0, 4, (5, 1, 2))
        body = rng.normal(0, 60, (5, 15, 2))
        visible = rng.random((56, 5, 15)) < 0.9
        videos.append(
            [
                GroundTruthFrame(
                    start + t * speed + body, visible[t], np.full(5, 50.0), np.arange(5)
                )
                for t in range(56)
            ]
        )
    return videos


def predict(frame: GroundTruthFrame, rng: np.random.Generator) -> PredictionFrame:
    """Moved joints, one person in ten missed, some joints missed, ids swapped now and then."""
    kept = np.flatnonzero(rng.random(len(frame.track_ids)) < 0.9)
    ids = frame.track_ids.copy()
    if len(ids) > 1 and rng.random() < 0.05:
        ids[:2] = ids[1::-1]
    size = frame.head_sizes[kept, None, None]
    points = frame.keypoints[kept] + size * rng.normal(0, 0.2, (len(kept), 15, 2))
    present = frame.visible[kept] & (rng.random((len(kept), 15)) < 0.9)
    return PredictionFrame(points, present, rng.random((len(kept), 15)), ids[kept])


def build(truth: list[list[GroundTruthFrame]], copies: int = 1) -> list[tuple]:
    """(name, ground truth, predictions) of each video; each copy is predicted again."""
    rng = np.random.default_rng(0)
    return [
        (f"{copy:02d}{number:04d}", video, [predict(frame, rng) for frame in video])
        for copy in range(copies)
        for number, video in enumerate(truth)
    ]


def ours(data: list[tuple], metrics: tuple[str, ...] = BASE) -> dict[str, float]:
    """Check and evaluate."""
    return evaluate_videos((VideoInput(*video) for video in data), metrics=metrics).totals


def as_posetrack17(frames: list, scores: bool) -> dict:
    """A video's document; poseval takes this layout without a look at the images' names."""
    columns = [JOINT_NAMES.index(name) for name in POSETRACK17_JOINTS]
    records = []
    for t, frame in enumerate(frames):
        there = frame.present if scores else frame.visible
        people = []
        for m, track_id in enumerate(frame.track_ids):
            points = []
            for number, column in enumerate(columns):
                if there[m, column]:
                    x, y = frame.keypoints[m, column]
                    points.append({"id": [number], "x": [float(x)], "y": [float(y)]})
                    if scores:
                        points[-1]["score"] = [float(frame.scores[m, column])]
            person = {"track_id": [int(track_id)], "annopoints": [{"point": points}]}
            if not scores:  # a box whose diagonal is the head size over 0.6
                side = float(frame.head_sizes[m]) / 0.6
                person |= {"x1": [0], "y1": [0], "x2": [side], "y2": [0]}
            people.append(person)
        records.append({"image": [{"name": f"{t:06d}.jpg"}], "annorect": people})
    return {"annolist": records}


def poseval_reference(data: list[tuple]) -> Callable[[], dict[str, float]] | None:
    """A function that evaluates ``data`` with poseval; None if it cannot be imported."""
    if "POSEVAL_PATH" in os.environ:
        sys.path.insert(0, os.environ["POSEVAL_PATH"])
    try:
        from poseval import eval_helpers, evaluateAP, evaluateTracking
    except ImportError:
        return None
    with tempfile.TemporaryDirectory() as folder:
        for side, scores in (("gt", False), ("pred", True)):
            Path(folder, side).mkdir()
            for name, truth, predicted in data:
                document = as_posetrack17(predicted if scores else truth, scores)
                Path(folder, side, f"{name}.json").write_text(json.dumps(document))
        loaded = eval_helpers.load_data_dir(["", f"{folder}/gt/", f"{folder}/pred/"])

    def run() -> dict[str, float]:
        with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
            ap = evaluateAP.evaluateAP(*loaded, "", False, False)[0]
            mot = evaluateTracking.evaluateTracking(*loaded, "", False, False)
        return {"AP": float(ap[-1, 0]), "MOTA": float(mot["mota"][0, -1])}

    return run


def plain_assignment(distances: dict, counts: list[int], numbers: tuple[int, int]) -> dict:
    """Predicted person -> annotated person by PCKh, greedily."""
    claims: dict[int, tuple[float, int]] = {}
    for k in range(numbers[1]):
        best, choice = 0.0, -1
        for m in range(numbers[0]):
            hits = sum(distances[m, k, j] <= 0.5 for j in range(15))
            pckh = hits / max(counts[m], 1)
            if pckh > best:
                best, choice = pckh, m
        if choice >= 0 and (choice not in claims or best > claims[choice][0]):
            claims[choice] = best, k
    return {k: m for m, (_, k) in claims.items()}


def plain_match(distance: np.ndarray) -> list[tuple[int, int]]:
    """Most matches within 0.5, then least distance."""
    cost = np.where(distance <= 0.5, distance, 1e4)
    pairs = zip(*linear_sum_assignment(cost), strict=True)
    return [(a, b) for a, b in pairs if distance[a, b] <= 0.5]


def plain_frame(j: int, truth, found, distances: dict, partner: dict, counts: np.ndarray) -> None:
    """CLEAR-MOT of one frame and joint: counts objects, misses, false positives, switches."""
    rows = [m for m in range(len(truth.track_ids)) if truth.visible[m, j]]
    columns = [k for k in range(len(found.track_ids)) if found.present[k, j]]
    taken: dict[int, int] = {}
    for m in rows:
        for k in columns:
            same = partner.get((j, truth.track_ids[m])) == found.track_ids[k]
            if same and k not in taken.values() and distances[m, k, j] <= 0.5:
                taken[m] = k
    free = [m for m in rows if m not in taken]
    open_columns = [k for k in columns if k not in taken.values()]
    switches = 0
    if free and open_columns:
        table = np.array([[distances[m, k, j] for k in open_columns] for m in free])
        for a, b in plain_match(table):
            key, new = (j, truth.track_ids[free[a]]), found.track_ids[open_columns[b]]
            switches += key in partner
            partner[key] = new
            taken[free[a]] = open_columns[b]
    counts += len(rows), len(rows) - len(taken), len(columns) - len(taken), switches


def plain_reference(data: list[tuple]) -> dict[str, float]:
    """AP and MOTA in plain loops, poseval's quirks included."""
    detections, annotated = defaultdict(list), np.zeros(15)
    counts = np.zeros((15, 4))
    for _, video, predictions in data:
        partner: dict = {}
        scored = [pair for pair in zip(video, predictions, strict=True) if len(pair[0].track_ids)]
        for index, (truth, found) in enumerate(scored):
            numbers = len(truth.track_ids), len(found.track_ids)
            distances = {}
            for m in range(numbers[0]):
                for k in range(numbers[1]):
                    for j in range(15):
                        distance = np.inf
                        if truth.visible[m, j] and found.present[k, j]:
                            gap = np.subtract(truth.keypoints[m, j], found.keypoints[k, j])
                            distance = np.linalg.norm(gap) / truth.head_sizes[m]
                        distances[m, k, j] = distance
            joints = [int(truth.visible[m].sum()) for m in range(numbers[0])]
            assigned = plain_assignment(distances, joints, numbers)
            for j in range(15):
                annotated[j] += sum(truth.visible[m, j] for m in range(numbers[0]))
                for k in range(numbers[1]):
                    if found.present[k, j]:
                        hit = k in assigned and distances[assigned[k], k, j] <= 0.5
                        detections[j].append((found.scores[k, j], hit))
                if index < len(scored) - 1:
                    if numbers[1]:
                        plain_frame(j, truth, found, distances, partner, counts[j])
                    else:
                        counts[j] += 1, 1, 1, 0
    return {"AP": plain_ap(detections, annotated), "MOTA": plain_mota(counts)}


def plain_ap(detections: dict, annotated: np.ndarray) -> float:
    """Mean over the joints of the area under the precision envelope."""
    values = []
    for j in range(15):
        ordered = sorted(detections[j], key=lambda item: -item[0])
        hits, precision = 0, []
        for rank, (_, hit) in enumerate(ordered):
            hits += hit
            precision.append(hits / (rank + 1))
        envelope, area = 0.0, 0.0
        for value, (_, hit) in zip(reversed(precision), reversed(ordered), strict=True):
            envelope = max(envelope, value)
            area += envelope * hit
        if annotated[j] or not ordered:
            values.append(100 * area / max(annotated[j], 1))
    return float(np.mean(values))


def plain_mota(counts: np.ndarray) -> float:
    """Mean over the joints that have objects."""
    counts = counts[counts[:, 0] > 0]
    return float(np.mean(100 * (1 - counts[:, 1:].sum(1) / counts[:, 0])))


def seconds(function: Callable[[], object], repeats: int) -> list[float]:
    """Seconds of each repeat."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return times


def peak_mib(function: Callable[[], object]) -> float:
    """Highest memory that Python and numpy held meanwhile, above that at the start."""
    tracemalloc.start()
    function()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def bench_growth(truth: list, one: list[tuple], source: str, quick: bool) -> None:
    """Time and memory of 16 times the data over 16 times those of the data."""
    many = build(truth, copies=16)
    small = seconds(lambda: ours(one), 3 if quick else 7)
    large = seconds(lambda: ours(many), 2 if quick else 5)
    base = 16 * float(np.median(small))
    reference = f"16 x the time of {len(one)} videos"
    common = dict(unit="x", target="<= 1.2", data=source)
    emit("growth_16x", [t / base for t in large], reference=reference, **common)
    peak = peak_mib(lambda: ours(one))
    text = "tracemalloc, our part"
    emit("peak_memory_mib", [peak], unit="MiB", target=None, reference=text, data=source)
    ratio = peak_mib(lambda: ours(many)) / (16 * peak)
    emit("memory_growth_16x", [ratio], reference="16 x the peak memory", **common)


def main() -> None:
    """Run."""
    parser = arguments(__doc__.split("\n")[0])
    add_annotations(parser)
    args = parser.parse_args()
    folder = annotation_folder(args)
    with only_rows():
        bench(folder, args.quick)


def bench(folder: Path | None, quick: bool) -> None:
    """All rows."""
    truth = generated_truth(np.random.default_rng(1)) if folder is None else real_truth(folder)
    if quick:
        truth = [[replace(f, ignore_regions=()) for f in video[:24]] for video in truth]
    data = build(truth)
    poses = sum(len(frame.track_ids) for _, _, video in data for frame in video)
    source = "generated: people who walk" if folder is None else f"real: annotations of {folder}"
    source += f", {sum(map(len, truth))} frames of {len(truth)} videos"
    reference = poseval_reference(data)
    name = "poseval" if reference else "plain loops of the same arithmetic"
    reference = reference or (lambda: plain_reference(data))
    first, second = ours(data), reference()
    for key, value in second.items():
        if abs(first[key] - value) > 1e-6:
            raise SystemExit(f"{key}: ours is {first[key]}, that of {name} is {value}")
    mine, other = paired(lambda: ours(data), reference, 1 if quick else 3)
    text = f"{name}, {poses} predicted poses"
    ratios = [b / a for a, b in zip(mine, other, strict=True)]
    emit("speedup_vs_poseval", ratios, unit="x", target=">= 50", reference=text, data=source)
    common = dict(unit="s", data=source, digits=3)
    emit("evaluate_seconds", mine, target=None, reference="itself: AP, MOTA", **common)
    everything = seconds(lambda: ours(data, (*BASE, "IDF1", "HOTA", "HOTA_legacy")), 3)
    emit("all_metrics_seconds", everything, target="< 1", reference="itself", **common)
    bench_growth(truth, data, source, quick)


if __name__ == "__main__":
    start(main)
