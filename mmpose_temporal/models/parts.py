"""What the parts of a tracker have in common."""

from typing import Any, Generic, TypeVar

from torch import nn

from mmpose_temporal.structures import FramePacket, Skeleton

T = TypeVar("T", bound=nn.Module)


class Shared(Generic[T]):
    """A network that a part uses and does not own.

    It is kept in a plain object so that ``nn.Module`` does not register it again; the owner's
    checkpoint has its weights, and the owner moves and trains it.

    Attributes:
        module: The network; None until the part is bound.
    """

    __slots__ = ("module",)

    def __init__(self, module: T | None = None):
        self.module = module


class TrackerPart:
    """A part of a tracker: it gets to know the tracker, and may keep a state for each video.

    A part stores nothing about a video in its own attributes, since videos may be interleaved.
    What :meth:`start_video` returns is kept with the video, handed to the part at each call for
    that video, and dropped with the video. A state is made of classes that are registered by
    :func:`~mmpose_temporal.structures.plain_state`, arrays, tensors and numbers, so that it can
    be saved and restored.

    Attributes:
        needs_previous_frame: The part looks at frame t only after frame t-1 was associated, so
            the frames of a video go through the tracker one by one.
        needs_frame_encoder: The part reads ``packet.features``, so the tracker must have a frame
            encoder.
        ready: Whether the part has the weights that it needs; what it returns with random ones
            means nothing.
    """

    ready: bool = True
    needs_previous_frame: bool = False
    needs_frame_encoder: bool = False

    def bind(self, tracker: nn.Module) -> None:
        """Get to know the tracker, once, when it is built.

        Args:
            tracker: Has ``estimator`` and ``frame_encoder`` (each may be None) and the other
                parts. Keep what is needed of it in a :class:`Shared`.

        Raises:
            ValueError: The tracker lacks something that the part needs.
        """

    def use_skeleton(self, skeleton: Skeleton) -> None:
        """Get to know the keypoints of the data, before the first frame.

        For parts that depend on the keypoints, as by their sigmas or by the joints of a network.
        Until it is called, the data are assumed to have PoseTrack18's.

        Args:
            skeleton: The keypoints of the data.

        Raises:
            ValueError: The part cannot work with this layout.
        """

    def start_video(self) -> Any:
        """The state of a video that starts. None: the part keeps nothing."""
        return None

    def observe(self, state: Any, packet: FramePacket) -> None:
        """See a frame in which people were detected, once their ids are known.

        It is called in temporal order, before the packet's image and features are released;
        ``packet.people`` are those with an id.

        Args:
            state: Of the video, changed in place.
            packet: The frame.
        """

    def signature(self) -> str:
        """What a saved state of this part fits; here the name of the class."""
        return type(self).__name__

    def end_video(self, state: Any) -> None:
        """The video is over, or was forgotten after an error; its state is dropped."""


class FrameEncoder(TrackerPart):
    """Base of networks that see each whole frame once, for all parts that need frame features.

    A subclass is an ``nn.Module`` too, registered in mmpose's ``MODELS``, and a child of the
    tracker (``frame_encoder=dict(type=...)``), which owns its weights. The tracker runs it once
    per turn on all frames of the turn together, those of several streams included, before boxes
    are proposed.
    """

    def encode(self, packets: list[FramePacket]) -> list[dict[str, Any]]:
        """Encode frames.

        Args:
            packets: Frames that can be read, each with its ``image``; sizes may differ.

        Returns:
            For each the features, by name, which become ``packet.features``.
        """
        raise NotImplementedError
