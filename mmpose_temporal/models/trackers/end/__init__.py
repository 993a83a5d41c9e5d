"""The end stage: which tracks are reported, and which become one."""

from .frame_buffer import FrameBuffer
from .joining import Join, join_tracks, may_follow, merged_ids
from .merging import TrackMerging, check_merged

__all__ = [
    "FrameBuffer",
    "Join",
    "TrackMerging",
    "check_merged",
    "join_tracks",
    "may_follow",
    "merged_ids",
]
