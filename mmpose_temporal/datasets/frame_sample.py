"""Frames of poses in files, as samples for a tracker of known poses."""

from collections.abc import Mapping
from typing import Any

from mmpose.structures import PoseDataSample

from mmpose_temporal.posetrack import VideoAnnotation


def frame_sample(
    video: VideoAnnotation, index: int, clock: Mapping[str, Any] | None = None
) -> PoseDataSample:
    """What a tracker of known poses gets for a frame, in addition to the poses.

    Args:
        video: The video.
        index: Position of the frame.
        clock: Its entry of :func:`~mmpose_temporal.posetrack.frame_clocks`. None: all frames
            follow each other, at unknown times.
    """
    frame = video.frames[index]
    return PoseDataSample(
        metainfo=dict(
            img_id=frame.image_id,
            frame_id=frame.frame_id,
            frame_name=frame.file_name,
            frame_size=frame.size,
            video_id=video.video_id,
            frame_index=index,
            num_frames=len(video.frames),
            skeleton=video.skeleton,
            searched=frame.is_labeled or bool(frame.people),
            **(clock or {}),
        )
    )
