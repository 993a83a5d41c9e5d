"""What a tracker stores about each open video."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from mmpose.structures import PoseDataSample

from mmpose_temporal.models.parts import TrackerPart
from mmpose_temporal.structures import frame_time, from_plain, plain_state, to_plain

from .end import FrameBuffer

STATE_VERSION = 2
"""Version of the saved state; raise it when the state of a shipped part changes."""


@plain_state
@dataclass(slots=True, eq=False)
class VideoState:
    """Everything that is stored about one video; made at its start, dropped at its end.

    Attributes:
        buffer: Frames that are waiting.
        parts: What each part keeps, by its name in the tracker.
        num_frames: Length of the video; None: unknown, and the video is ended by ``end_video``.
        next_frame: Position of the next frame.
        tick: Number of frames so far in which people were detected, and of frames that are missing
            between them by their numbers: the clock of the tracks' age.
        first_number: Number of the first frame; None if frames have none.
        last_number: Number of the last frame so far.
        last_time: Seconds of the last frame so far; None if frames have no time.
    """

    buffer: FrameBuffer
    parts: dict[str, Any] = field(default_factory=dict)
    num_frames: int | None = None
    next_frame: int = 0
    tick: int = 0
    first_number: int | None = None
    last_number: int | None = None
    last_time: float | None = None

    def clock(self, sample: PoseDataSample) -> tuple[int, float | None]:
        """The tick and the time of the next frame; the video goes on from there.

        Args:
            sample: May have the metainfo ``frame_number``, with ``frame_step`` (default 1), the
                difference of two frames that follow each other, and ``time`` or ``fps``.

        Raises:
            ValueError: A number or a time that is not after that of the frame before, or is
                missing where frames before had one.
        """
        number = sample.get("frame_number")
        if self.next_frame == 0:
            self.first_number = number
        time = frame_time(sample, self.first_number)
        if self.next_frame:
            where = f"video {sample.video_id}: frame {sample.frame_index}"
            _check_next(f"{where} has the frame_number", number, self.last_number, apart=True)
            _check_next(f"{where} has the time", time, self.last_time)
        missing = 0
        if self.last_number is not None:
            step = sample.get("frame_step") or 1
            missing = max(round((number - self.last_number) / step), 1) - 1
        self.last_number, self.last_time = number, time
        return self.tick + missing, time


def _check_next(
    what: str, now: float | None, before: float | None, *, apart: bool = False
) -> None:
    """Numbers and times ascend, and all frames of a video have one or none has."""
    if (now is None) != (before is None):
        raise ValueError(
            f"{what} {now}, the frame before {before}: give it to all frames of a video or to none"
        )
    if now is not None and not (now > before if apart else now >= before):
        raise ValueError(f"{what} {now}, which is not after that of the frame before, {before}")


class OpenVideos(dict[str, VideoState]):
    """The states of the videos that have started and not ended, by name.

    Args:
        parts: Parts with a state, by name.
        min_length: See :class:`FrameBuffer`.
        whole: See :class:`FrameBuffer`.
    """

    def __init__(self, parts: Mapping[str, TrackerPart], *, min_length: int, whole: bool):
        super().__init__()
        self.parts = parts
        self.min_length = min_length
        self.whole = whole

    def start(self, video_id: str, num_frames: int | None = None) -> VideoState:
        """Make the state of a video.

        Args:
            video_id: Name of the video.
            num_frames: Its length; None: unknown.
        """
        state = VideoState(
            buffer=FrameBuffer(self.min_length, whole=self.whole),
            parts={name: part.start_video() for name, part in self.parts.items()},
            num_frames=num_frames,
        )
        self[video_id] = state
        return state

    def state_dict(self) -> dict[str, Any]:
        """The state of all open videos as plain tensors, numbers and text.

        ``torch.save`` writes it and ``torch.load(weights_only=True)`` reads it. A tracker of the
        same config that loads it goes on as this one would.
        """
        made_by = to_plain(self.made_by())
        return {"version": STATE_VERSION, "made_by": made_by, "videos": to_plain(dict(self))}

    def made_by(self) -> dict[str, Any]:
        """What a saved state must have in common with the tracker that goes on from it."""
        parts = {name: part.signature() for name, part in self.parts.items()}
        return dict(parts, min_length=self.min_length, whole=self.whole)

    def load_state_dict(self, saved: dict[str, Any], device: torch.device | str = "cpu") -> None:
        """Go on from the state of :meth:`state_dict`; open videos are forgotten.

        Args:
            saved: What it returned.
            device: Where the networks of the tracker are.

        Raises:
            ValueError: It is of another version, or of a tracker with other parts.
        """
        version = saved.get("version") if isinstance(saved, dict) else None
        if version != STATE_VERSION:
            raise ValueError(f"no state of videos of version {STATE_VERSION}, but {version!r}")
        if not {"made_by", "videos"} <= saved.keys():
            raise ValueError("the saved state is damaged: it lacks what made it, or the videos")
        made_by, own = from_plain(saved["made_by"]), self.made_by()
        if made_by != own:
            raise ValueError(f"the saved state is of another tracker: {made_by}, this is {own}")
        videos = from_plain(saved["videos"], device)
        for video_id, state in videos.items() if isinstance(videos, dict) else [("", None)]:
            whole = isinstance(state, VideoState) and isinstance(state.buffer, FrameBuffer)
            if not whole or state.parts.keys() != self.parts.keys():
                raise ValueError(f"the saved state of video {video_id!r} is damaged")
        self.clear()
        self.update(videos)
