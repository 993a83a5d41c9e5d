"""Predictions on disk in the PoseTrack18 layout, one JSON file per video.

The official server and other evaluators read these files.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmpose_temporal.structures import POSETRACK18, People, Skeleton, person_categories
from mmpose_temporal.utils import refuse_inputs, refuse_twins, write_json
from mmpose_temporal.utils.listing import is_input
from mmpose_temporal.utils.text import shown

from .content import to_xywh
from .fields import LARGEST
from .records import annotation_id, image_record, number_people


@dataclass(frozen=True, eq=False)
class PredictedFrame:
    """The predicted people of one frame and what the file says about its image.

    Attributes:
        image_id: Id of the image, unique over the data set.
        frame_id: The annotation file's ``frame_id``.
        file_name: Path of the image relative to the data root, as in the annotation file.
        size: (width, height) in pixels, None if it is not known. A size that is not positive
            becomes None: some files say 0 for unknown.
        poses: The people, with track ids.
        time: Seconds since the first frame of the video, None if it is not known.
    """

    image_id: int
    frame_id: int
    file_name: str
    size: tuple[int, int] | None
    poses: People
    time: float | None = None

    def __post_init__(self) -> None:
        if self.size is not None and min(self.size) <= 0:
            object.__setattr__(self, "size", None)


def prediction_path(folder: str | os.PathLike, video_id: str) -> Path:
    """Where the predictions of a video go: ``<folder>/<video_id>.json``.

    Raises:
        ValueError: The video id is no plain file name (it comes from a data file), or one that
            readers leave out, see :mod:`mmpose_temporal.utils.listing`.
    """
    if not video_id.isprintable() or not video_id or any(c in video_id for c in "/\\:"):
        raise ValueError(
            f"video id {shown(video_id)} cannot name a file: it must not be empty, nor hold '/', "
            "'\\', ':' or what cannot be printed"
        )
    name = f"{video_id}.json"
    if not is_input(name):
        raise ValueError(
            f"video id {shown(video_id)} cannot name a file: {shown(name)} would be taken for a "
            "hidden or unfinished file and not be read again; rename the video or its folder"
        )
    return Path(folder) / name


def prediction_paths(
    folder: str | os.PathLike,
    video_ids: Sequence[str],
    *,
    inputs: Iterable[str | os.PathLike] = (),
) -> list[Path]:
    """Where the predictions of videos go, before anything is written.

    Args:
        folder: Target folder.
        video_ids: Names of the videos.
        inputs: Files that are read, and must not be replaced.

    Raises:
        ValueError: A video id is no file name; two videos would be written to one file (on
            systems that make no difference between capitals and small letters, too); a file would
            replace an input, a folder or a device.
        NotADirectoryError: ``folder`` is a file.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file; name a folder")
    paths = [prediction_path(folder, video_id) for video_id in video_ids]
    refuse_twins(video_ids)
    refuse_inputs(paths, inputs)
    return paths


def write_video_predictions(
    folder: str | os.PathLike,
    video_id: str,
    frames: Sequence[PredictedFrame],
    *,
    skeleton: Skeleton = POSETRACK18,
    overwrite: bool = True,
) -> Path:
    """Write the predictions of one video, atomically.

    Every frame is listed, also those without people; one of unknown size has no ``width`` and
    ``height``, as in the official files. A joint with a score of 0 or less is written
    as (0, 0, 0) with score 0, the layout's sign for an absent joint.

    Args:
        folder: Target folder, made if missing.
        video_id: Name of the video and of the file.
        frames: All frames of the video, in order.
        skeleton: The keypoints of the poses; ``categories`` has their names and links.
        overwrite: Replace a file that is there; see :func:`~mmpose_temporal.utils.write_json`.

    Returns:
        The path of the file.

    Raises:
        ValueError: The video id is no file name; a frame has another number of keypoints than
            the skeleton, a track id that is negative or repeated, or a value that is NaN,
            infinite or beyond :data:`~.fields.LARGEST`.
        FileExistsError: The file has other content and ``overwrite`` is not set.
    """
    path = prediction_path(folder, video_id)
    annotations = []
    for index, frame in enumerate(frames):
        _check(frame.poses, f"video {video_id!r}, frame {index}", skeleton)
        annotations += _annotations(frame)
    images = [
        image_record(
            frame.file_name,
            image_id=frame.image_id,
            frame_id=frame.frame_id,
            video_number=video_id,
            num_frames=len(frames),
            ignore_regions=None,
            size=frame.size,
            time=frame.time,
        )
        for frame in frames
    ]
    categories = person_categories(skeleton)
    people = number_people(annotations)
    content = {"images": images, "annotations": people, "categories": categories}
    write_json(path, content, overwrite=overwrite)
    return path


def _check(poses: People, where: str, skeleton: Skeleton) -> None:
    if poses.keypoint_scores.shape[1] != len(skeleton):
        raise ValueError(
            f"{where}: predictions have {poses.keypoint_scores.shape[1]} keypoints, the skeleton "
            f"{skeleton.name or 'without name'} has {len(skeleton)}"
        )
    ids, counts = np.unique(poses.track_ids, return_counts=True)
    if (ids < 0).any():
        raise ValueError(f"{where}: track id {ids[0]} is negative; every pose needs a track id")
    if (counts > 1).any():
        raise ValueError(f"{where}: track id {ids[counts > 1][0]} is repeated within the frame")
    present = poses.keypoint_scores > 0
    values = {
        "keypoint_scores": poses.keypoint_scores,
        "keypoints": poses.keypoints[present],
        "boxes": poses.boxes,
        "box_scores": poses.box_scores,
    }
    for name, value in values.items():
        if not (np.abs(value) <= LARGEST).all():
            raise ValueError(
                f"{where}: {name} of the predictions hold NaN or infinity, or a number beyond "
                f"{LARGEST:.0f}"
            )


def _annotations(frame: PredictedFrame) -> list[dict]:
    """One record per person."""
    poses = frame.poses
    present = poses.keypoint_scores > 0
    scores = np.where(present, poses.keypoint_scores, 0).astype(np.float64)
    points = np.where(present[..., None], poses.keypoints, 0)
    points = np.concatenate([points, present[..., None]], axis=2).astype(np.float64)
    records = zip(
        poses.track_ids.tolist(),
        map(to_xywh, poses.boxes),
        poses.box_scores.astype(np.float64).tolist(),
        points.reshape(len(poses), 3 * points.shape[1]).tolist(),
        scores.tolist(),
        strict=True,
    )
    return [
        {
            "id": annotation_id(int(frame.image_id), position),
            "image_id": int(frame.image_id),
            "category_id": 1,
            "track_id": track_id,
            "bbox": box,
            "score": score,
            "keypoints": keypoints,
            "scores": keypoint_scores,
        }
        for position, (track_id, box, score, keypoints, keypoint_scores) in enumerate(records)
    ]
