"""Tracked poses of one video in memory, as every export takes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmpose_temporal.posetrack import PredictedFrame, frame_poses, read_video
from mmpose_temporal.structures import NUM_KEYPOINTS


@dataclass(frozen=True, eq=False)
class VideoTracks:
    """The tracked poses of a video.

    Attributes:
        video_id: Name of the video.
        frames: All its frames in order; their poses have 17 keypoints and track ids of 0 or more
            that do not repeat within a frame.

    Raises:
        ValueError: The poses are not so.
    """

    video_id: str
    frames: Sequence[PredictedFrame]

    def __post_init__(self) -> None:
        for index, frame in enumerate(self.frames):
            where = f"video {self.video_id!r}, frame {index}"
            ids = frame.poses.track_ids
            if frame.poses.keypoint_scores.shape[1] != NUM_KEYPOINTS:
                raise ValueError(
                    f"{where}: {frame.poses.keypoint_scores.shape[1]} keypoints; exports take the "
                    f"{NUM_KEYPOINTS} of PoseTrack"
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


def read_posetrack(path: str | Path) -> VideoTracks:
    """Read one video's predictions (or annotations) in the PoseTrack18 layout.

    Its opposite is :func:`mmpose_temporal.evaluation.write_video_predictions`. A joint that the
    file marks as visible gets the file's score, 1 where it has none; a person without box gets
    the joints' box enlarged by 15 % a side. A frame without size has the size None.

    Raises:
        FileNotFoundError: No such file.
        ValueError: It is broken; the text names file, frame and field.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist")
    video = read_video(path)
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
    return VideoTracks(video_id=video.video_id, frames=frames)
