"""The files of ground truth and predictions: pairing, and reading them as poseval does.

Ground truth and predictions may each be in the PoseTrack18 or the PoseTrack17 layout
(:mod:`mmpose_temporal.posetrack.reader`). What poseval reads is read as it reads it: a joint is
there unless its three numbers are all 0 (PoseTrack17: if it is listed), whatever its visibility.
What it would take wrongly (scores or ids that are missing, frames of another name, a category
that is no person) is an error.

Files of other keypoints than PoseTrack's name them in ``categories``; predictions must have those
of the ground truth, in any order.
"""

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np

from mmpose_temporal.posetrack import (
    FileContent,
    joint_boxes,
    one_video,
    read_file,
    require_frames,
    video_files,
)
from mmpose_temporal.posetrack.layout18 import HIDDEN_FIELD
from mmpose_temporal.posetrack.other_files import list_videos
from mmpose_temporal.structures import Skeleton
from mmpose_temporal.utils.failed_files import FailedFiles

from .functional import (
    BBOX_SHARE,
    GroundTruthFrame,
    PredictionFrame,
    ScoredJoints,
    VideoInput,
    bbox_sizes,
    head_sizes,
)

MAX_TRACK_ID = 10_000
"""poseval stops at track ids from here on."""


@dataclass(frozen=True)
class VideoFiles:
    """The two files of a video; the video is named by the stem of its ground-truth file."""

    video_id: str
    truth: Path
    predictions: Path


@dataclass(frozen=True)
class Reading:
    """How ground truth is read.

    Attributes:
        skeleton: Keypoints of the files. None: those that the files name.
        norm_item: ``'head'`` or ``'bbox'``, see :class:`PoseTrackMetric`.
        bbox_share: With ``'bbox'``.
        frame_order: What orders the frames of a video, see
            :mod:`mmpose_temporal.posetrack.frame_order`; also of predictions.
        hidden_joints: Whether it is read which annotated joints are hidden.
    """

    skeleton: Skeleton | None = None
    norm_item: str = "head"
    bbox_share: float = BBOX_SHARE
    frame_order: str = "auto"
    hidden_joints: bool = False


def find_video_files(
    truth: str | os.PathLike,
    predictions: str | os.PathLike,
    *,
    skeleton: Skeleton | None = None,
    frame_order: str = "auto",
    failed: FailedFiles | None = None,
) -> list[VideoFiles]:
    """Pair the files of ground truth and predictions.

    Two files are a pair as they are. Of folders, ``*.json`` are paired by file name (hidden files
    and leftovers of a killed run are left out). A file of
    ground truth without namesake is paired by the ``vid_id`` that its images carry, with the
    prediction file that is named so or carries the same.

    Args:
        truth: Folder or file.
        predictions: Folder or file.
        skeleton: Keypoints of the files. None: those that they name.
        frame_order: See :class:`Reading`.
        failed: Gets files of ground truth without namesake that cannot be used, so that nobody
            knows their predictions; they are in no pair. None: they are an error.

    Returns:
        The pairs in natural order of the names of the videos.

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
    left, right = video_files(truth), video_files(predictions)
    reading = Reading(skeleton, "bbox", frame_order=frame_order)
    pairs = {name: right.pop(name) for name in left if name in right}
    strict, failed = failed is None, FailedFiles() if failed is None else failed
    for name in [name for name in left if name not in pairs]:
        truth_file = left[name]
        content = failed.attempt(truth_file, partial(read_truth, truth_file, reading))
        if content is None:
            if strict:
                failed.require_others(1)
            del left[name]
            continue
        wanted = _video_id(content)
        if wanted is None:
            continue
        numbers = {n: _number_of(path, skeleton, frame_order) for n, path in right.items()}
        same = [other for other, number in numbers.items() if wanted in (other, number)]
        if len(same) == 1:
            pairs[name] = right.pop(same[0])
    missing = sorted(left.keys() - pairs.keys())
    if missing:
        others = list_videos(predictions).reasons[:3]
        note = f"; no videos there: {'; '.join(others)}" if others else ""
        raise ValueError(
            f"{predictions} has no predictions for {len(missing)} of {len(left)} videos of "
            f"{truth}: {', '.join(f'{name}.json' for name in missing)}{note}"
        )
    if right:
        raise ValueError(
            f"{predictions} has predictions of videos that {truth} does not have: "
            f"{', '.join(f'{name}.json' for name in sorted(right))}"
        )
    return [VideoFiles(name, left[name], pairs[name]) for name in left]


def _number_of(path: Path, skeleton: Skeleton | None, frame_order: str) -> str | None:
    """The ``vid_id`` of a file of predictions; None without one, or if it cannot be used."""
    read = partial(read_predictions, path, skeleton, frame_order=frame_order)
    content = FailedFiles().attempt(path, read)
    return None if content is None else _video_id(content)


def read_video_files(
    files: VideoFiles, *, protocol: str = "poseval", reading: Reading = Reading()
) -> VideoInput:
    """Read one video, float64.

    Args:
        files: The two files.
        protocol: With ``'poseval'`` track ids of 10,000 and more are refused, as that program
            does.
        reading: Keypoints, and what distances are measured in.

    Raises:
        ValueError: A file is broken, or the two do not fit. The text names file, frame and field.
    """
    truth = read_truth(files.truth, reading)
    predicted = read_predictions(
        files.predictions, truth.skeleton, frame_order=reading.frame_order
    )
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
    return VideoInput(
        files.video_id,
        _truth_frames(truth, _sizes(truth, reading)),
        _predicted_frames(predicted),
        joints=ScoredJoints.of(truth.skeleton),
    )


def read_truth(path: Path, reading: Reading = Reading()) -> FileContent:
    """Annotations with track ids, and with head boxes where distances are measured in these.

    Raises:
        ValueError: A field is broken, there are no frames, or they are of several videos.
    """
    required, optional = ("track_id", "keypoints"), ("bbox", "bbox_head", "scores")
    if reading.norm_item == "head":
        required, optional = (*required, "bbox_head"), ()
    if reading.hidden_joints:
        optional = (*optional, HIDDEN_FIELD)
    return _checked(
        read_file(path, required=required, optional=optional, skeleton=reading.skeleton),
        reading.frame_order,
    )


def read_predictions(
    path: Path, skeleton: Skeleton | None = None, *, frame_order: str = "auto"
) -> FileContent:
    """Predictions with track ids and joint scores.

    Args:
        path: The file.
        skeleton: The keypoints that it must have; None: those that it names.
        frame_order: See :class:`Reading`.

    Raises:
        ValueError: See :func:`read_truth`.
    """
    required = ("track_id", "keypoints", "scores")
    return _checked(read_file(path, required=required, skeleton=skeleton), frame_order)


def _checked(content: FileContent, frame_order: str) -> FileContent:
    return one_video(require_frames(content), frame_order=frame_order)


def _video_id(content: FileContent) -> str | None:
    return content.video_ids[0] if content.video_ids else None


def _joints(content: FileContent) -> tuple[np.ndarray, np.ndarray]:
    """(P, J, 2) and, by poseval's rule, whether a joint is there, (P, J) bool."""
    points = content.keypoints[:, content.skeleton.scored]
    return points[..., :2], (points != 0).any(-1)


def _sizes(content: FileContent, reading: Reading) -> np.ndarray:
    """(P,) float64, pixels: what the distances to each person are measured in."""
    if reading.norm_item == "head":
        return head_sizes(content.head_boxes)
    return bbox_sizes(joint_boxes(content), reading.bbox_share)


def _truth_frames(content: FileContent, sizes: np.ndarray) -> list[GroundTruthFrame]:
    keypoints, present = _joints(content)
    hidden, known = content.hidden[:, content.skeleton.scored] > 0, content.marks_hidden
    return [
        GroundTruthFrame(
            keypoints=keypoints[part],
            visible=present[part],
            head_sizes=sizes[part],
            track_ids=content.track_ids[part],
            ignore_regions=frame.regions,
            labeled=frame.labeled is not False,
            listed=frame.listed,
            hidden=hidden[part] if known[part].all() else None,
        )
        for frame, part in zip(content.frames, content.parts, strict=True)
    ]


def _predicted_frames(content: FileContent) -> list[PredictionFrame]:
    keypoints, present = _joints(content)
    # Joints that a PoseTrack17 file does not list have no score.
    scores = np.nan_to_num(content.scores[:, content.skeleton.scored])
    return [
        PredictionFrame(
            keypoints=keypoints[part],
            present=present[part],
            scores=scores[part],
            track_ids=content.track_ids[part],
        )
        for part in content.parts
    ]
