"""What a tracker remembers of one video."""

from dataclasses import dataclass, field
from typing import Any

from mmpose_temporal.structures import plain_state

from .end import FrameBuffer


@plain_state
@dataclass(slots=True, eq=False)
class VideoState:
    """Everything that is remembered of one video; made at its start, dropped at its end.

    Attributes:
        buffer: Frames that are held back.
        parts: What each part keeps, by its name in the tracker.
        num_frames: Length of the video; None: not known, and the video is ended by
            ``end_video``.
        next_frame: Position of the frame that is due.
        tick: Frames so far in which people were looked for: the clock of the tracks' age.
    """

    buffer: FrameBuffer
    parts: dict[str, Any] = field(default_factory=dict)
    num_frames: int | None = None
    next_frame: int = 0
    tick: int = 0
