"""Evaluating folders of per-video JSON files: pairing, reading, counting in parallel.

Ground truth and predictions may each be in the PoseTrack18 or the PoseTrack17 layout
(:mod:`~.file_layouts`). What poseval reads is read as it reads it; what it would take wrongly
(scores or ids that are missing, frames of another name, a category that is no person) is an error.
"""

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path, PurePosixPath

import numpy as np

from .file_layouts import FileContent, read_layout
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
        wanted = read_layout(left[name], predicted=False).video_id
        same = [
            other
            for other, path in right.items()
            if wanted is not None and wanted in (other, read_layout(path, predicted=True).video_id)
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
    truth = read_layout(files.truth, predicted=False)
    predicted = read_layout(files.predictions, predicted=True)
    if len(truth.frames) != len(predicted.frames):
        raise ValueError(
            f"{predicted.path} has {len(predicted.frames)} frames, {truth.path} has "
            f"{len(truth.frames)}: list every frame, without people where there are none"
        )
    for index, (left, right) in enumerate(zip(truth.frames, predicted.frames, strict=True)):
        named = left.has_name and right.has_name
        if named and PurePosixPath(left.name).stem != PurePosixPath(right.name).stem:
            raise ValueError(
                f"{predicted.path}, frame {index}: the image is {right.name}, that of "
                f"{truth.path} is {left.name}; list the frames in the same order"
            )
    for content in (truth, predicted):
        _check_track_ids(content, protocol)
    return VideoInput(files.video_id, _truth_frames(truth), _predicted_frames(predicted))


def _check_track_ids(content: FileContent, protocol: str) -> None:
    ids = content.track_ids
    limit = MAX_TRACK_ID if protocol == "poseval" else np.inf
    wrong = (ids < 0) | (ids >= limit)
    if wrong.any():
        person = int(wrong.argmax())
        why = "is negative" if ids[person] < 0 else f"is not below {MAX_TRACK_ID}"
        hint = "" if ids[person] < 0 else " (poseval refuses it; protocol 'strict' does not)"
        raise ValueError(f"{content.where(person)}: 'track_id' {ids[person]} {why}{hint}")
    key = np.stack([content.rows, ids], 1)
    _, first, counts = np.unique(key, axis=0, return_index=True, return_counts=True)
    if (counts > 1).any():
        person = int(first[counts > 1].min())
        raise ValueError(
            f"{content.where(person)}: 'track_id' {ids[person]} is repeated within the frame"
        )


def _slices(content: FileContent) -> list[slice]:
    bounds = np.searchsorted(content.rows, np.arange(len(content.frames) + 1)).tolist()
    return [slice(first, stop) for first, stop in pairwise(bounds)]


def _truth_frames(content: FileContent) -> list[GroundTruthFrame]:
    sizes = head_sizes(content.head_boxes)
    return [
        GroundTruthFrame(
            keypoints=content.keypoints[part],
            visible=content.present[part],
            head_sizes=sizes[part],
            track_ids=content.track_ids[part],
            ignore_regions=frame.regions,
            labeled=frame.labeled,
            listed=frame.listed,
        )
        for frame, part in zip(content.frames, _slices(content), strict=True)
    ]


def _predicted_frames(content: FileContent) -> list[PredictionFrame]:
    return [
        PredictionFrame(
            keypoints=content.keypoints[part],
            present=content.present[part],
            scores=content.scores[part],
            track_ids=content.track_ids[part],
        )
        for part in _slices(content)
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
