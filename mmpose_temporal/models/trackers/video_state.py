"""What a tracker remembers of one video, and what it reads from the samples of its frames."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from mmpose.structures import PoseDataSample

from .association import TrackMemory
from .finished_frames import FinishedFrames
from .propagation import PropagationMemory


@dataclass(slots=True)
class VideoState:
    """Everything that is remembered of one video; made at its start, dropped at its end.

    Attributes:
        num_frames: Length of the video.
        finished: Its frames that are held back.
        memory: Its live tracks.
        next_frame: Position of the frame that is due.
        searched: Frames so far in which people were looked for: the clock of the tracks' age.
        window: What the refinement holds; None without one.
        propagation: Memory of the propagation, where the tracker has one.
    """

    num_frames: int
    finished: FinishedFrames
    memory: TrackMemory = field(default_factory=TrackMemory)
    next_frame: int = 0
    searched: int = 0
    window: Any = None
    propagation: PropagationMemory | None = None


def frame_size(sample: PoseDataSample, image: np.ndarray | None = None) -> tuple[int, int] | None:
    """Width and height of a frame in pixels.

    Args:
        sample: May have the metainfo ``frame_size`` (w, h) or ``ori_shape`` (h, w).
        image: (H, W, 3), the frame, which tells what the sample does not.

    Returns:
        (w, h); None where neither tells.
    """
    size = sample.get("frame_size")
    if size is None:
        shape = sample.get("ori_shape")
        if shape is None and image is not None:
            shape = image.shape
        size = None if shape is None else (shape[1], shape[0])
    return size if size is not None and size[0] > 0 and size[1] > 0 else None


def known_ids(ids: Any, num_people: int, video_id: str, index: int) -> np.ndarray:
    """Check the true identities of a frame's poses.

    Args:
        ids: (M,) integers, -1: not known.
        num_people: M.
        video_id: For the error.
        index: Position of the frame, for the error.

    Returns:
        (M,) int64.

    Raises:
        ValueError: Other numbers or another number of them.
    """
    ids = np.asarray(ids)
    if ids.shape != (num_people,) or not (ids.dtype.kind in "iu" or ids.size == 0):
        raise ValueError(
            f"video {video_id}: frame {index}: known_ids must be integers, one for each of its "
            f"{num_people} poses, got {ids.dtype} {ids.shape}"
        )
    return ids.astype(np.int64)
