"""How well points are found again: by correspondences, by optical flow, and without any motion."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmpose.structures import PoseDataSample
from rich.progress import track

from mmpose_temporal.datasets import LoadVideoFrame
from mmpose_temporal.datasets.still_pair_dataset import StillPairDataset
from mmpose_temporal.evaluation.point_errors import PointErrors
from mmpose_temporal.models.correspondences import CorrespondenceEncoder, FrameEmbedding
from mmpose_temporal.models.similarities import FlowSimilarity
from mmpose_temporal.posetrack import FrameAnnotation, VideoAnnotation
from mmpose_temporal.structures import FramePacket
from mmpose_temporal.utils import safe_join

from .correspondences import AskedPair, embed, find_pair, frame_pair, still_pair

REFINED, RAW = "correspondences", "raw affinity"
CHAINED, DIRECT, STILL = "flow, chained", "flow, direct", "no motion"
"""The ways in which points are found; without a refinement the first two are the same, since the
confidences are the affinities within a cell then."""


@dataclass(frozen=True, slots=True)
class PairsReport:
    """What was found of some pairs of images.

    Attributes:
        pairs: Number of pairs of images.
        people: Number of people in both images of a pair, with a point that counts.
        points: Number of points that count; random ones only where there are no people.
        figures: Way -> figures, see :meth:`PointErrors.figures`.
    """

    pairs: int
    people: int
    points: int
    figures: dict[str, dict[str, float]]


@dataclass(slots=True, eq=False)
class _Frame:
    """A frame of a video that others are compared with."""

    index: int
    annotation: FrameAnnotation
    image: np.ndarray
    embedding: FrameEmbedding
    moved: np.ndarray | None
    """(P, K, 2), its people moved by the flows since, pixels of the newest frame."""

    @property
    def size(self) -> tuple[int, int]:
        return self.image.shape[1], self.image.shape[0]


class _Tally:
    """Errors of pairs of images."""

    def __init__(self) -> None:
        self.pairs = self.people = 0
        self.parts: list[PointErrors] = []

    def add(self, pair: AskedPair, points: dict[str, np.ndarray], counted: np.ndarray) -> None:
        self.pairs += 1
        self.people += int((counted.any(1) & np.isfinite(pair.diagonals)).sum())
        self.parts.append(PointErrors.of(points, pair.targets, counted, pair.diagonals))

    def report(self, thresholds: Sequence[float]) -> PairsReport:
        errors = PointErrors.cat(self.parts)
        points = int(np.isfinite(errors.diagonals).sum()) if self.people else len(errors)
        return PairsReport(self.pairs, self.people, points, errors.figures(thresholds))


def measure_videos(
    encoder: CorrespondenceEncoder,
    videos: Iterable[VideoAnnotation],
    images: str | Path,
    *,
    steps: Sequence[int] = (1, 5, 10),
    starts: Sequence[int] | None = None,
    thresholds: Sequence[float] = (0.05, 0.1),
    flow: FlowSimilarity | None = None,
    progress: bool = True,
) -> dict[int, PairsReport]:
    """Find the annotated joints of frame t in frame t + step, for people who are in both.

    The ways: the network's confidences; its affinities alone; dense optical flow from frame to
    frame, in which the joints are moved on each time; the same between the two frames directly;
    and the same pixels. All are judged on the same joints: those that the network knows, that are
    annotated in both frames and lie inside of both.

    Args:
        encoder: From :func:`build_encoder`.
        videos: With track ids.
        images: Folder that the frames' paths begin in.
        steps: Frames from the first to the second image, each 1 or more.
        starts: Positions of the first images. None: all.
        thresholds: Shares of the diagonal of the person's box in the second frame.
        flow: The flow; None: DIS as :class:`FlowSimilarity` takes it.
        progress: Show a progress bar.

    Returns:
        Step -> what was found.

    Raises:
        ValueError: A step below 1, no pair with a joint that counts, or a frame that cannot be
            read.
    """
    steps = sorted(set(steps))
    if not steps or steps[0] < 1:
        raise ValueError(f"steps must be 1 frame or more, got {steps}")
    flow, tallies = flow or FlowSimilarity(), {step: _Tally() for step in steps}
    wanted = _Wanted(steps, starts)
    for video in videos:
        encoder.use_skeleton(video.skeleton)
        for pair in _pairs(encoder, video, images, wanted, flow, progress):
            _add_frames(encoder, flow, tallies, *pair)
    lacking = [step for step, tally in tallies.items() if not sum(map(len, tally.parts))]
    if lacking:
        raise ValueError(
            f"nobody has a joint that counts in two frames that are {lacking} frames apart: give "
            "videos of annotated people with track ids, or other steps"
        )
    return {step: tally.report(thresholds) for step, tally in tallies.items()}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which pairs of frames are compared."""

    steps: Sequence[int]
    starts: Sequence[int] | None

    def begins(self, index: int) -> bool:
        return self.starts is None or index in self.starts


def _pairs(
    encoder: CorrespondenceEncoder,
    video: VideoAnnotation,
    images: str | Path,
    wanted: _Wanted,
    flow: FlowSimilarity,
    progress: bool,
) -> Iterator[tuple[_Frame, _Frame]]:
    """(first, second) of a video, of which each frame is read and embedded once."""
    kept: deque[_Frame] = deque(maxlen=wanted.steps[-1])
    scene: dict[str, Any] = {}
    load = LoadVideoFrame(on_error="raise")
    numbers = range(len(video.frames))
    for index in track(numbers, f"Video {video.video_id}", disable=not progress):
        annotation = video.frames[index]
        path = str(safe_join(images, annotation.file_name))
        item = dict(img_path=path, video_id=video.video_id, frame_index=index)
        image = load(dict(item, annotated_size=annotation.size))["img"]
        _move_on(flow, kept, image, scene)
        frame = _Frame(index, annotation, image, embed(encoder, [image])[0], None)
        for first in kept:
            if first.moved is not None and index - first.index in wanted.steps:
                yield first, frame
        if wanted.begins(index):
            people = np.array([p.keypoints for p in annotation.people], np.float32)
            frame.moved = people.reshape(-1, len(video.skeleton), 3)[..., :2]
        kept.append(frame)


def _move_on(flow: FlowSimilarity, kept: Iterable[_Frame], image, scene: dict[str, Any]) -> None:
    """Move the people of all frames kept to the next frame, by one flow."""
    chosen = [frame for frame in kept if frame.moved is not None]
    moved = _flow(flow, [frame.moved for frame in chosen], image, scene)
    for frame, points in zip(chosen, moved, strict=True):
        frame.moved = points


def _flow(
    flow: FlowSimilarity, points: Sequence[np.ndarray], image: np.ndarray, scene: dict[str, Any]
) -> list[np.ndarray]:
    """Points, of which each is (P, K, 2), moved from the frame before to this one."""
    sample = PoseDataSample()
    packet = FramePacket(sample, "", 0, image=image)
    together = np.concatenate(points) if points else np.zeros((0, 1, 2), np.float32)
    moved = flow.advance(dict(keypoints=together), packet, scene)["keypoints"]
    return np.split(moved, np.cumsum([len(part) for part in points])[:-1]) if points else []


def _add_frames(
    encoder: CorrespondenceEncoder,
    flow: FlowSimilarity,
    tallies: dict[int, _Tally],
    first: _Frame,
    second: _Frame,
) -> None:
    pair = frame_pair(first.annotation, second.annotation, first.size, second.size)
    rows = {person.track_id: row for row, person in enumerate(first.annotation.people)}
    chained = first.moved[[rows[i] for i in pair.ids.tolist()]]
    points = _found(encoder, first.embedding, second.embedding, pair)
    counted = pair.known & np.isfinite(points[REFINED]).all(-1)
    direct = _direct(flow, first.image, second.image, pair.queries)
    points |= {CHAINED: chained, DIRECT: direct, STILL: pair.queries}
    tallies[second.index - first.index].add(pair, points, counted)


def _found(
    encoder: CorrespondenceEncoder, source: FrameEmbedding, target: FrameEmbedding, pair: AskedPair
) -> dict[str, np.ndarray]:
    """(P, K, 2) with and without refinement; NaN for points that are no joint of the network."""
    found, shape = find_pair(encoder, source, target, pair), pair.asked.shape
    return {
        REFINED: found.of_question(found.points, shape),
        RAW: found.of_question(found.raw_points, shape),
    }


def _direct(
    flow: FlowSimilarity, first: np.ndarray, second: np.ndarray, points: np.ndarray
) -> np.ndarray:
    """Points moved by the flow between two images, if these are of one size; else as they are."""
    if first.shape != second.shape or not len(points):
        return points
    scene: dict[str, Any] = {}
    _flow(flow, [], first, scene)
    return _flow(flow, [points], second, scene)[0]


def measure_stills(
    encoder: CorrespondenceEncoder,
    dataset: StillPairDataset,
    *,
    thresholds: Sequence[float] = (0.05, 0.1),
    max_pairs: int | None = None,
    flow: FlowSimilarity | None = None,
    progress: bool = True,
) -> PairsReport:
    """Find the keypoints of stills in their second views, where they are visible there.

    Random points count only where a data set has no people at all.

    The ways are those of :func:`measure_videos` but for the chained flow.

    Args:
        encoder: From :func:`build_encoder`; the views are taken in their own size.
        dataset: From :func:`still_pairs`.
        thresholds: Shares of the diagonal of the person's box in the second view.
        max_pairs: Only so many of the first pairs. None: all.
        flow: See :func:`measure_videos`.
        progress: Show a progress bar.

    Raises:
        ValueError: ``max_pairs`` below 1, nothing is visible in a second view, or an image that
            cannot be read.
    """
    if max_pairs is not None and max_pairs < 1:
        raise ValueError(f"max_pairs must be 1 or more, got {max_pairs}")
    count = min(len(dataset), max_pairs or len(dataset))
    flow, tally = flow or FlowSimilarity(), _Tally()
    encoder.use_skeleton(dataset.skeleton)
    for index in track(range(count), "Stills", disable=not progress):
        views, pair = still_pair(dataset, index)
        points = _found(encoder, *embed(encoder, views, views[0].shape[0]), pair)
        counted = pair.known & np.isfinite(points[REFINED]).all(-1)
        points |= {DIRECT: _direct(flow, *views, pair.queries), STILL: pair.queries}
        tally.add(pair, points, counted)
    if not sum(map(len, tally.parts)):
        raise ValueError(f"in none of {count} pairs of views a point is visible in the second one")
    return tally.report(thresholds)


def as_record(report: PairsReport) -> dict[str, Any]:
    """A report for a JSON file; NaN as None."""
    record = asdict(report)
    record["figures"] = {
        way: {name: None if np.isnan(value) else value for name, value in figures.items()}
        for way, figures in report.figures.items()
    }
    return record
