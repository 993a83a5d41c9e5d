"""Watching a tracker at work, for pictures and counts, without changing what it does."""

from collections.abc import Callable
from typing import Any

from .frame_packet import FramePacket


class Observer:
    """Sees what the stages of a tracker do in the frames that it wants.

    Add one to the tracker's ``observers``. Nothing is kept or computed for frames that no
    observer wants.
    """

    def wants(self, packet: FramePacket) -> bool:
        """Whether it watches a frame that has just been admitted."""
        return True

    def associated(self, packet: FramePacket) -> None:
        """A frame in which people were detected, once they have ids.

        Args:
            packet: ``comparison`` has all people of the frame, those without an id too.
        """

    def finished(self, packet: FramePacket) -> None:
        """A frame that is finished; ``records`` has what the stages reported, by stage."""


class CallbackObserver(Observer):
    """Calls functions.

    Args:
        wants: See :class:`Observer`; None: all frames.
        associated: See :class:`Observer`; None: nothing is done.
        finished: See :class:`Observer`; None: nothing is done.
    """

    def __init__(
        self,
        *,
        wants: Callable[[FramePacket], bool] | None = None,
        associated: Callable[[FramePacket], Any] | None = None,
        finished: Callable[[FramePacket], Any] | None = None,
    ):
        self._wants, self._associated, self._finished = wants, associated, finished

    def wants(self, packet: FramePacket) -> bool:
        """See :class:`Observer`."""
        return self._wants is None or self._wants(packet)

    def associated(self, packet: FramePacket) -> None:
        """See :class:`Observer`."""
        if self._associated is not None:
            self._associated(packet)

    def finished(self, packet: FramePacket) -> None:
        """See :class:`Observer`."""
        if self._finished is not None:
            self._finished(packet)
