"""Evaluating folders of per-video JSON files: pairing, reading, counting in parallel.

Ground truth and predictions may each be in the PoseTrack18 or the PoseTrack17 layout
(:mod:`mmpose_temporal.posetrack.reader`). What poseval reads is read as it reads it: a joint is
there unless its three numbers are all 0 (PoseTrack17: if it is listed), whatever its visibility.
What it would take wrongly (scores or ids that are missing, frames of another name, a category
that is no person) is an error.
"""

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np

from mmpose_temporal.posetrack import FileContent, read_file, require_frames
from mmpose_temporal.structures import SCORED_KEYPOINTS

from .functional import (
    METRICS,
    GroundTruthFrame,
    PoseTrackFigures,
    PredictionFrame,
    VideoCounts,
    VideoInput,
    add_counts,
    check_options,
    evaluate_video,
    head_sizes,
    summarize,
)

MAX_TRACK_ID = 10_000
"""poseval stops at track ids from here on."""

SMALL_SET = 32_000_000
"""Bytes of JSON below which the number of processes defaults to 1 (choice: on 2 busy cores, 24 MB
took 1.2 s in one process and 1.5 s in two, 96 MB 6.5 s and 5.3 s)."""


@dataclass(frozen=True)
class VideoFiles:
    """The two files of a video; the video is named by the stem of its ground-truth file."""

    video_id: str
    truth: Path
    predictions: Path


@dataclass(frozen=True, eq=False)
class FileFigures:
    """Figures of all videos together and of each."""

    total: PoseTrackFigures
    videos: dict[str, PoseTrackFigures]


def find_video_files(truth: str | os.PathLike, predictions: str | os.PathLike) -> list[VideoFiles]:
    """Pair the files of ground truth and predictions.

    Two files are a pair as they are. Of folders, ``*.json`` are paired by file name. A file of
    ground truth without namesake is paired by the ``vid_id`` that its images carry, with the
    prediction file that is named so or carries the same.

    Args:
        truth: Folder or file.
        predictions: Folder or file.

    Returns:
        The pairs in the order of the names of the videos.

    Raises:
        FileNotFoundError: A path does not exist, or a folder holds no JSON file.
        ValueError: A video lacks predictions, predictions belong to no video, or a folder is
            given with a single file.
    """
    truth, predictions = Path(truth), Path(predictions)
    for path in (truth, predictions):
        if not path.exists():
            raise FileNotFoundError(f"{path} does not exist")
    if truth.is_file() and predictions.is_file():
        return [VideoFiles(truth.stem, truth, predictions)]
    if truth.is_file() or predictions.is_file():
        raise ValueError(f"give two folders or two files, not {truth} and {predictions}")
    left, right = _json_files(truth), _json_files(predictions)
    pairs = {name: right.pop(name) for name in left if name in right}
    for name in [name for name in left if name not in pairs]:
        wanted = _video_id(read_truth(left[name]))
        same = [
            other
            for other, path in right.items()
            if wanted is not None and wanted in (other, _video_id(read_predictions(path)))
        ]
        if len(same) == 1:
            pairs[name] = right.pop(same[0])
    missing = sorted(left.keys() - pairs.keys())
    if missing:
        raise ValueError(
            f"{predictions} has no predictions for {len(missing)} of {len(left)} videos of "
            f"{truth}: {', '.join(f'{name}.json' for name in missing)}"
        )
    if right:
        raise ValueError(
            f"{predictions} has predictions of videos that {truth} does not have: "
            f"{', '.join(f'{name}.json' for name in sorted(right))}"
        )
    return [VideoFiles(name, left[name], pairs[name]) for name in sorted(left)]


def _json_files(folder: Path) -> dict[str, Path]:
    files = {path.stem: path for path in sorted(folder.glob("*.json"))}
    if not files:
        raise FileNotFoundError(f"no JSON file in {folder}")
    return files


def read_video_files(files: VideoFiles, *, protocol: str = "poseval") -> VideoInput:
    """Read one video, float64.

    Args:
        files: The two files.
        protocol: With ``'poseval'`` track ids of 10,000 and more are refused, as that program
            does.

    Raises:
        ValueError: A file is broken, or the two do not fit. The text names file, frame and field.
    """
    truth, predicted = read_truth(files.truth), read_predictions(files.predictions)
    if len(truth.frames) != len(predicted.frames):
        raise ValueError(
            f"{predicted.path} has {len(predicted.frames)} frames, {truth.path} has "
            f"{len(truth.frames)}: list every frame, without people where there are none"
        )
    for index, (left, right) in enumerate(zip(truth.frames, predicted.frames, strict=True)):
        if (
            left.name
            and right.name
            and PurePosixPath(left.name).stem != PurePosixPath(right.name).stem
        ):
            raise ValueError(
                f"{predicted.path}, frame {index}: the image is {right.name}, that of "
                f"{truth.path} is {left.name}; list the frames in the same order"
            )
    limits = {}
    if protocol == "poseval":
        limits = dict(limit=MAX_TRACK_ID, hint=" (poseval refuses it; protocol 'strict' does not)")
    for content in (truth, predicted):
        content.check_track_ids(**limits)
    return VideoInput(files.video_id, _truth_frames(truth), _predicted_frames(predicted))


def read_truth(path: Path) -> FileContent:
    """Annotations with track ids and head boxes.

    Raises:
        ValueError: A field is broken, there are no frames, or they are of several videos.
    """
    return _checked(read_file(path, required=("track_id", "keypoints", "bbox_head")))


def read_predictions(path: Path) -> FileContent:
    """Predictions with track ids and joint scores.

    Raises:
        ValueError: See :func:`read_truth`.
    """
    return _checked(read_file(path, required=("track_id", "keypoints", "scores")))


def _checked(content: FileContent) -> FileContent:
    if len(content.video_ids) > 1:
        raise ValueError(
            f"{content.path}: 'vid_id' names several videos {list(content.video_ids)}; one file "
            "is one video"
        )
    return require_frames(content)


def _video_id(content: FileContent) -> str | None:
    return content.video_ids[0] if content.video_ids else None


def _joints(content: FileContent) -> tuple[np.ndarray, np.ndarray]:
    """(P, 15, 2) and, by poseval's rule, whether a joint is there, (P, 15) bool."""
    points = content.keypoints[:, SCORED_KEYPOINTS]
    return points[..., :2], (points != 0).any(-1)


def _truth_frames(content: FileContent) -> list[GroundTruthFrame]:
    sizes = head_sizes(content.head_boxes)
    keypoints, present = _joints(content)
    return [
        GroundTruthFrame(
            keypoints=keypoints[part],
            visible=present[part],
            head_sizes=sizes[part],
            track_ids=content.track_ids[part],
            ignore_regions=frame.regions,
            labeled=frame.labeled is not False,
            listed=frame.listed,
        )
        for frame, part in zip(content.frames, content.parts, strict=True)
    ]


def _predicted_frames(content: FileContent) -> list[PredictionFrame]:
    keypoints, present = _joints(content)
    # Joints that a PoseTrack17 file does not list have no score.
    scores = np.nan_to_num(content.scores[:, SCORED_KEYPOINTS])
    return [
        PredictionFrame(
            keypoints=keypoints[part],
            present=present[part],
            scores=scores[part],
            track_ids=content.track_ids[part],
        )
        for part in content.parts
    ]


def default_workers(files: Sequence[VideoFiles]) -> int:
    """A process for each CPU, but no more than videos; 1 if all files are below SMALL_SET bytes.

    Small sets are done sooner than processes start.
    """
    size = sum(path.stat().st_size for pair in files for path in (pair.truth, pair.predictions))
    affinity = getattr(os, "sched_getaffinity", None)  # what a container or taskset leaves
    cpus = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    return 1 if size < SMALL_SET else min(cpus, len(files))


def evaluate_files(
    truth: str | os.PathLike,
    predictions: str | os.PathLike,
    *,
    protocol: str = "poseval",
    joints: str = "all",
    ap_score_thr: float = -np.inf,
    mota_score_thr: float = -np.inf,
    metrics: Sequence[str] = tuple(METRICS),
    workers: int | None = 1,
) -> FileFigures:
    """Evaluate folders (or two files) of ground truth and predictions.

    Args:
        truth: See :func:`find_video_files`.
        predictions: See :func:`find_video_files`.
        protocol: See :mod:`~.functional.posetrack`.
        joints: See :func:`~.functional.summarize`.
        ap_score_thr: Predicted joints with a score below it are left out of AP.
        mota_score_thr: Predicted joints with a score below it are left out of all other figures.
        metrics: What to compute, some of :data:`~.functional.METRICS`.
        workers: Number of processes; the figures do not depend on it. None: see
            :func:`default_workers`.

    Raises:
        FileNotFoundError: See :func:`find_video_files`.
        ValueError: An unknown option, or data that cannot be evaluated.
    """
    if workers is not None and workers < 1:
        raise ValueError(f"workers must be 1 or more, got {workers}")
    options = dict(
        protocol=protocol,
        ap_score_thr=ap_score_thr,
        mota_score_thr=mota_score_thr,
        metrics=tuple(metrics),
    )
    check_options(joints=joints, **options)
    files = find_video_files(truth, predictions)
    count = partial(_count, **options)
    workers = default_workers(files) if workers is None else min(workers, len(files))
    if workers == 1:
        counts = [count(pair) for pair in files]
    else:
        method = "fork" if "fork" in multiprocessing.get_all_start_methods() else None
        context = multiprocessing.get_context(method)
        with ProcessPoolExecutor(workers, mp_context=context) as pool:
            counts = list(pool.map(count, files))
    summary = partial(summarize, protocol=protocol, joints=joints)
    return FileFigures(
        total=summary(add_counts(counts)),
        videos={p.video_id: summary(c) for p, c in zip(files, counts, strict=True)},
    )


def _count(files: VideoFiles, **options) -> VideoCounts:
    return evaluate_video(read_video_files(files, protocol=options["protocol"]), **options)
