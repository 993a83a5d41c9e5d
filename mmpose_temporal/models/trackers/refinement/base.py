"""Poses that are changed by their neighbours in time: what every such part does."""

from abc import abstractmethod
from typing import Any

from mmengine.model import BaseModule

from mmpose_temporal.models.parts import TrackerPart
from mmpose_temporal.structures import FramePacket


class Refinement(BaseModule, TrackerPart):
    """Changes the poses of frames after association, perhaps some frames late.

    All state of a video is in the window that :meth:`start_video` makes.
    """

    @abstractmethod
    def push(self, window: Any, packet: FramePacket) -> list[FramePacket]:
        """Take the next frame of the video.

        Args:
            window: State of the video, changed in place.
            packet: The frame with its people, all with an id, their extras, and what association
                compared. Image and features are released after the call; people and comparison
                of a frame that waits should be reduced to what is still needed.

        Returns:
            The frames whose poses are final, in order; each frame must be returned some time.
        """

    @abstractmethod
    def flush(self, window: Any) -> list[FramePacket]:
        """The frames that are still waiting: the video is over."""
