"""Evaluating folders of per-video JSON files in parallel; :mod:`.video_files` reads them."""

import multiprocessing
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mmpose_temporal.posetrack import read_file
from mmpose_temporal.structures import Skeleton
from mmpose_temporal.utils.failed_files import FailedFiles
from mmpose_temporal.utils.processes import start_worker

from .functional import (
    BBOX_SHARE,
    METRICS,
    POSETRACK_JOINTS,
    PoseTrackFigures,
    ScoredJoints,
    VideoCounts,
    add_counts,
    check_norm,
    check_options,
    evaluate_video,
    summarize,
)
from .results import posetrack_evaluation
from .video_files import (
    Reading,
    VideoFiles,
    find_video_files,
    read_truth,
    read_video_files,
)

SMALL_SET = 32_000_000
"""Bytes of JSON below which the number of processes defaults to 1 (choice: on 2 busy cores, 24 MB
took 1.2 s in one process and 1.5 s in two, 96 MB 6.5 s and 5.3 s)."""


@dataclass(frozen=True, eq=False)
class FileFigures:
    """Figures of all videos together and of each.

    Attributes:
        total: Of all videos.
        videos: Of each.
        norm_item: What joint distances were measured in: ``'head'`` or ``'bbox'``.
        failed: Files of ground truth or predictions that cannot be used; their videos are in
            none of the figures.
        record: How they were computed and on how much, see
            :func:`~.results.posetrack_evaluation`.
    """

    total: PoseTrackFigures
    videos: dict[str, PoseTrackFigures]
    norm_item: str = "head"
    failed: FailedFiles = field(default_factory=FailedFiles)
    record: Mapping[str, Any] = field(default_factory=dict)


def default_workers(files: Sequence[VideoFiles]) -> int:
    """A process for each CPU, but no more than videos; 1 if all files are below SMALL_SET bytes.

    Small sets are done sooner than processes start.
    """
    paths = [path for pair in files for path in (pair.truth, pair.predictions)]
    size = sum(path.stat().st_size for path in paths if path.exists())
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
    skeleton: Skeleton | None = None,
    norm_item: str | None = None,
    bbox_share: float = BBOX_SHARE,
    frame_order: str = "auto",
    hidden_joints: bool = False,
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
        skeleton: Keypoints of the files. None: those that the ground truth names; PoseTrack18's
            if it names none. All of one layout.
        norm_item: What joint distances are measured in, ``'head'`` or ``'bbox'``. None: the head
            for PoseTrack's joints and wherever a person of the ground truth has a head box, else
            the box. See :class:`PoseTrackMetric`.
        bbox_share: With ``'bbox'``, see there.
        frame_order: What orders the frames of a video, see
            :mod:`mmpose_temporal.posetrack.frame_order`.
        hidden_joints: Also AP and recall of hidden and of seen joints apart, of ground truth whose
            people have ``keypoints_hidden``; see :mod:`~.functional.hidden_joints`.

    Raises:
        FileNotFoundError: See :func:`find_video_files`.
        ValueError: An unknown option, or no video can be evaluated. A video of a folder whose
            files are broken is left out, see :class:`FileFigures`.
    """
    if workers is not None and workers < 1:
        raise ValueError(f"workers must be 1 or more, got {workers}")
    options = dict(
        protocol=protocol,
        ap_score_thr=ap_score_thr,
        mota_score_thr=mota_score_thr,
        metrics=tuple(metrics),
        hidden_joints=hidden_joints,
    )
    check_options(joints=joints, **options)
    check_norm(norm_item, bbox_share)
    failed = FailedFiles()
    files = find_video_files(
        truth, predictions, skeleton=skeleton, frame_order=frame_order, failed=failed
    )
    total_files = len(files) + len(failed)
    failed.require_others(total_files)
    reading = Reading(skeleton, norm_item or "bbox", bbox_share, frame_order, hidden_joints)
    reading = _reading(files, norm_item, reading)
    count = partial(_count, reading=reading, **options)
    workers = default_workers(files) if workers is None else min(workers, len(files))
    if workers == 1:
        found = {p.video_id: failed.attempt(p.truth, partial(count, p)) for p in files}
    else:
        method = "fork" if "fork" in multiprocessing.get_all_start_methods() else None
        context = multiprocessing.get_context(method)
        with ProcessPoolExecutor(workers, mp_context=context, initializer=start_worker) as pool:
            tasks = [(pair, pool.submit(count, pair)) for pair in files]
            found = {p.video_id: failed.attempt(p.truth, task.result) for p, task in tasks}
    failed.require_others(total_files)
    by_name = {name: counts for name, counts in found.items() if counts is not None}
    summary = partial(summarize, protocol=protocol, joints=joints)
    total = summary(add_counts([*by_name.values()]))
    return FileFigures(
        total=total,
        videos={name: summary(c) for name, c in by_name.items()},
        norm_item=reading.norm_item,
        failed=failed,
        record=posetrack_evaluation(
            by_name,
            total,
            joints=joints,
            norm_item=reading.norm_item,
            bbox_share=bbox_share,
            skeleton=reading.skeleton.keypoint_names,
            skipped={"videos whose files cannot be used": len(failed)} if failed else None,
            **options,
        ),
    )


def _reading(files: Sequence[VideoFiles], norm_item: str | None, reading: Reading) -> Reading:
    """What is the same for all files: the keypoints, and what distances are measured in.

    The first file of ground truth that can be read says the keypoints; where nothing states what
    distances are measured in, files are read until one has a head box. Files that cannot be read
    are reported when they are evaluated.
    """
    failed = FailedFiles()
    for pair in files:
        skeleton = failed.attempt(pair.truth, partial(_skeleton, pair.truth, reading))
        if skeleton is not None:
            break
    failed.require_others(len(files))
    reading = replace(reading, skeleton=skeleton)
    if norm_item is None:
        posetrack = ScoredJoints.of(skeleton) is POSETRACK_JOINTS
        if posetrack or any(
            failed.attempt(pair.truth, partial(_has_heads, pair.truth, reading)) for pair in files
        ):
            return replace(reading, norm_item="head")
    return reading


def _skeleton(path: Path, reading: Reading) -> Skeleton:
    return read_file(path, required=(), skeleton=reading.skeleton).skeleton


def _has_heads(path: Path, reading: Reading) -> bool:
    return bool(np.isfinite(read_truth(path, reading).head_boxes).any())


def _count(files: VideoFiles, *, reading: Reading, **options) -> VideoCounts:
    video = read_video_files(files, protocol=options["protocol"], reading=reading)
    return evaluate_video(video, **options)
