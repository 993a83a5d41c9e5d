"""The end stage: which tracks are reported, and which become one."""

from .frame_buffer import FrameBuffer
from .merging import TrackMerging, check_merged

__all__ = ["FrameBuffer", "TrackMerging", "check_merged"]
