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
        sample: The frame's data sample, which becomes the result.
        video_id: Name of the video.
        index: Position of the frame in the video, from 0.
        tick: Number of the frame among those in which people are detected, the clock of the
            tracks' age. A frame that is not searched has the tick of the next one.
        searched: Whether people are detected in it; False if it cannot be read, or if it has no
            labels and the boxes are the annotated ones.
        people: Its people so far.
        time: Seconds since the start of the video; None if neither time nor frame rate is
            known.
        frame_size: Width and height in pixels; None if they are not known.
        image: (H, W, 3) uint8 BGR; None if there are only poses, and after association.
        features: Features of the whole frame by the frame encoder, by name; empty without one and
            after association.
        comparison: What association compared, see :class:`Comparison`; None before, and if
            nobody asked for it.
        dropped: Reason -> number of people who were dropped.
        records: What stages report to observers about their work in this frame, by stage; None if
            nobody watches.
        watchers: Observers that watch this frame; they are no part of a saved state.
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
    watchers: list[Any] = field(default_factory=list, metadata={"transient": True})

    def drop(self, reason: str, kept: np.ndarray) -> None:
        """Drop people and count them.

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
        """Release what only the stages up to association use, which is large."""
        self.image = None
        self.features = {}


def is_searched(sample: PoseDataSample) -> bool:
    """Whether people are detected in a frame, by its metainfo."""
    return bool(sample.get("searched", True) and sample.get("frame_readable", True))


def frame_size(sample: PoseDataSample, image: np.ndarray | None = None) -> tuple[int, int] | None:
    """Width and height of a frame in pixels.

    Args:
        sample: May have the metainfo ``frame_size`` (w, h) or ``ori_shape`` (h, w).
        image: (H, W, 3), the frame, which is used if the sample has neither.

    Returns:
        (w, h); None if unknown.
    """
    size = sample.get("frame_size")
    if size is None:
        shape = sample.get("ori_shape")
        if shape is None and image is not None:
            shape = image.shape
        size = None if shape is None else (shape[1], shape[0])
    return size if size is not None and size[0] > 0 and size[1] > 0 else None


def frame_time(sample: PoseDataSample, first_number: int | None = None) -> float | None:
    """Seconds since the start of the video.

    Args:
        sample: May have the metainfo ``time`` (seconds), or ``fps``, which gives
            ``frame_index / fps``, or, where frames have a ``frame_number``,
            ``(frame_number - first_number) / fps``.
        first_number: The ``frame_number`` of the video's first frame; None: frames have none.

    Returns:
        Seconds; None if the sample has neither.

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
    number = sample.get("frame_number")
    if number is None or first_number is None:
        return sample.frame_index / fps
    return (number - first_number) / fps
