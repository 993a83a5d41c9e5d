"""One frame on its way through a tracker."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from mmpose.structures import PoseDataSample

from .people import People


@dataclass(slots=True, eq=False)
class FramePacket:
    """All that is known of one frame of a video, from its admission to its output.

    Every stage of a tracker gets the packet, reads what it needs and writes what it finds.

    Attributes:
        sample: The frame's data sample, which becomes the answer.
        video_id: Name of the video.
        index: Position of the frame in the video, from 0.
        tick: Number of the frame among those that people were looked for in, the clock of the
            tracks' age. A frame that was not searched has the tick of the next one.
        searched: Whether people are looked for in it; False where it cannot be read, or has no
            labels and people are looked for at annotated boxes.
        people: Its people so far.
        time: Seconds since the start of the video; None if neither time nor frame rate is
            known.
        frame_size: Width and height in pixels; None if they are not known.
        image: (H, W, 3) uint8 BGR; None if there are only poses, and after association.
        features: What the frame encoder says of the whole frame, by name; empty without one and
            after association.
        comparison: What association compared, see :class:`Comparison`; None before, and where
            nobody asked for it.
        dropped: Reason -> number of people who were taken out.
        records: What stages report to observers about their work in this frame, by stage; None if
            nobody watches.
    """

    sample: PoseDataSample
    video_id: str
    index: int
    tick: int = 0
    searched: bool = True
    people: People | None = None
    time: float | None = None
    frame_size: tuple[int, int] | None = None
    image: np.ndarray | None = None
    features: dict[str, Any] = field(default_factory=dict)
    comparison: Any = None
    dropped: Counter = field(default_factory=Counter)
    records: dict[str, Any] | None = None

    def drop(self, reason: str, kept: np.ndarray) -> None:
        """Take people out and count them.

        Args:
            reason: Key of ``dropped``.
            kept: (M,) bool, or the integers of those who stay.
        """
        before = len(self.people)
        self.people = self.people[kept]
        lost = before - len(self.people)
        if lost:
            self.dropped[reason] += lost

    def release_image(self) -> None:
        """Forget what only the stages up to association look at, which is large."""
        self.image = None
        self.features = {}


def is_searched(sample: PoseDataSample) -> bool:
    """Whether people are looked for in a frame, by its metainfo."""
    return bool(sample.get("searched", True) and sample.get("frame_readable", True))


def frame_size(sample: PoseDataSample, image: np.ndarray | None = None) -> tuple[int, int] | None:
    """Width and height of a frame in pixels.

    Args:
        sample: May have the metainfo ``frame_size`` (w, h) or ``ori_shape`` (h, w).
        image: (H, W, 3), the frame, which tells what the sample does not.

    Returns:
        (w, h); None if neither tells.
    """
    size = sample.get("frame_size")
    if size is None:
        shape = sample.get("ori_shape")
        if shape is None and image is not None:
            shape = image.shape
        size = None if shape is None else (shape[1], shape[0])
    return size if size is not None and size[0] > 0 and size[1] > 0 else None


def frame_time(sample: PoseDataSample) -> float | None:
    """Seconds since the start of the video.

    Args:
        sample: May have the metainfo ``time`` (seconds), or ``fps``, which stands for
            ``frame_index / fps``.

    Returns:
        None if neither is there.

    Raises:
        ValueError: ``fps`` is not positive.
    """
    time = sample.get("time")
    if time is not None:
        return float(time)
    fps = sample.get("fps")
    if fps is None:
        return None
    if not fps > 0:
        raise ValueError(f"video {sample.video_id}: fps must be positive, got {fps}")
    return sample.frame_index / fps
