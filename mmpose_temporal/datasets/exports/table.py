"""A table with one row per joint (CSV), for spreadsheets and data frames."""

import csv
from pathlib import Path

import numpy as np

from mmpose_temporal.utils import atomic_write

from .tracks import VideoTracks

CSV_LOSES = (
    "the table has no rows for frames without people, for people without joints and for absent "
    "joints, and no frame ids and image sizes; everything else is there in full "
    "precision"
)
"""What the format cannot hold."""

HEADER = (
    "video",
    "frame",
    "image_id",
    "file_name",
    "track_id",
    "box_x1",
    "box_y1",
    "box_x2",
    "box_y2",
    "box_score",
    "keypoint",
    "x",
    "y",
    "score",
)
"""Columns; ``frame`` is the position in the video from 0, boxes and joints are image pixels."""


def write_csv(path: str | Path, tracks: VideoTracks) -> int:
    """Write one row for each joint with a score above 0, atomically, under :data:`HEADER`.

    Numbers have as many digits as float32 needs to be read back unchanged.

    Returns:
        How many rows were written, without the header.
    """
    count = 0
    with atomic_write(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for index, frame in enumerate(tracks.frames):
            poses = frame.poses
            place = (tracks.video_id, index, int(frame.image_id), frame.file_name)
            for person, joint in np.argwhere(poses.keypoint_scores > 0).tolist():
                numbers = (*poses.boxes[person], poses.box_scores[person])
                point = (*poses.keypoints[person, joint], poses.keypoint_scores[person, joint])
                writer.writerow(
                    [
                        *place,
                        int(poses.track_ids[person]),
                        *map(_text, numbers),
                        tracks.skeleton.keypoint_names[joint],
                        *map(_text, point),
                    ]
                )
                count += 1
    return count


def _text(value: np.float32) -> str:
    return np.format_float_positional(value, trim="-")
