"""Tracked poses of one video in memory, as every export takes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmpose_temporal.posetrack import (
    PredictedFrame,
    VideoAnnotation,
    frame_poses,
    read_merged,
    read_video,
)
from mmpose_temporal.structures import POSETRACK18, Skeleton


@dataclass(frozen=True, eq=False)
class VideoTracks:
    """The tracked poses of a video.

    Attributes:
        video_id: Name of the video.
        frames: All its frames in order; their poses have track ids of 0 or more that do not
            repeat within a frame.
        skeleton: The K keypoints of the poses.

    Raises:
        ValueError: The poses are not so.
    """

    video_id: str
    frames: Sequence[PredictedFrame]
    skeleton: Skeleton = POSETRACK18

    def __post_init__(self) -> None:
        for index, frame in enumerate(self.frames):
            where = f"video {self.video_id!r}, frame {index}"
            ids = frame.poses.track_ids
            if frame.poses.keypoint_scores.shape[1] != len(self.skeleton):
                raise ValueError(
                    f"{where}: {frame.poses.keypoint_scores.shape[1]} keypoints; the skeleton "
                    f"{self.skeleton.name or 'without name'} has {len(self.skeleton)}"
                )
            if (ids < 0).any():
                raise ValueError(f"{where}: a pose has no track id; track the poses first")
            if len(np.unique(ids)) < len(ids):
                raise ValueError(f"{where}: a track id stands twice")

    @property
    def track_ids(self) -> np.ndarray:
        """(M,) int64: the ids of all tracks, ascending."""
        parts = [frame.poses.track_ids for frame in self.frames]
        return np.unique(np.concatenate(parts)) if parts else np.zeros(0, np.int64)


def read_posetrack(
    path: str | Path, *, skeleton: Skeleton | None = None, frame_order: str = "auto"
) -> VideoTracks:
    """Read one video's predictions (or annotations) in the PoseTrack18 layout.

    Its opposite is :func:`mmpose_temporal.evaluation.write_video_predictions`. A joint that the
    file marks as visible gets the file's score, 1 if it has none; a person without box gets
    the joints' box enlarged by 15 % a side. A frame without size has the size None.

    Args:
        path: The file.
        skeleton: Its keypoints. None: those that it names; PoseTrack18's if it names none.
        frame_order: What orders the frames, see :mod:`mmpose_temporal.posetrack.frame_order`.

    Raises:
        FileNotFoundError: No such file.
        ValueError: It is broken, or holds several videos; the text names file, frame and field.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist")
    return _tracks(read_video(path, skeleton=skeleton, frame_order=frame_order))


def read_merged_posetrack(path: str | Path, *, frame_order: str = "auto") -> list[VideoTracks]:
    """Read a file with the predictions of several videos.

    They are named as :mod:`mmpose_temporal.posetrack.file_videos` says.

    Raises:
        FileNotFoundError, ValueError: See :func:`read_posetrack`.
    """
    return [_tracks(v) for v in read_merged(path, skeleton=None, frame_order=frame_order)]


def _tracks(video: VideoAnnotation) -> VideoTracks:
    frames = [
        PredictedFrame(
            image_id=frame.image_id,
            frame_id=frame.frame_id,
            file_name=frame.file_name,
            size=frame.size,
            poses=frame_poses(frame),
        )
        for frame in video.frames
    ]
    return VideoTracks(video_id=video.video_id, frames=frames, skeleton=video.skeleton)
