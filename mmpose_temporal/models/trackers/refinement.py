"""Poses that are changed by their neighbours in time: what every such part does."""

from abc import abstractmethod
from typing import Any

import numpy as np
from mmengine.model import BaseModule
from torch import nn

from .feats import Feats
from .finished_frames import TrackedFrame


class Refinement(BaseModule):
    """Changes the poses of frames after association, perhaps some frames late.

    All state of a video is in the window that :meth:`start_video` makes.
    """

    def bind(self, estimator: nn.Module) -> None:
        """Get to know the tracker's pose estimator, once, when the tracker is built.

        A reference that is kept must not register as a sub-module: hold it in a list.

        Args:
            estimator: The pose estimator of the :class:`PoseTracker`.
        """

    @abstractmethod
    def start_video(self) -> Any:
        """The window of a video that begins."""

    @abstractmethod
    def push(self, window: Any, frame: TrackedFrame, feats: Feats) -> list[TrackedFrame]:
        """Take the next frame of the video.

        Args:
            window: State of the video, changed in place.
            frame: The frame with its poses, all with an id; its ``sample`` has ``frame_index``.
            feats: What is known of its people.

        Returns:
            The frames whose poses are final, in order; none may be left out for ever.
        """

    @abstractmethod
    def flush(self, window: Any) -> list[TrackedFrame]:
        """The frames that still wait: the video is over."""

    @abstractmethod
    def waiting_ids(self, window: Any) -> np.ndarray:
        """(L,) int64 track ids of the poses that wait in the window, repeated or not."""
