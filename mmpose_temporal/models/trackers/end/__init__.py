"""The end stage: which tracks are reported, and which become one."""

from .correspondence_merging import CorrespondenceMerging
from .frame_buffer import FrameBuffer
from .joining import Join, join_tracks, may_follow, merged_ids
from .merging import TrackMerging, check_merged
from .scored_merging import MergingState, ScoredMerging, TrackSpans, TrackTable
from .similarity_merging import SimilarityMerging

__all__ = [
    "CorrespondenceMerging",
    "FrameBuffer",
    "Join",
    "MergingState",
    "ScoredMerging",
    "SimilarityMerging",
    "TrackMerging",
    "TrackSpans",
    "TrackTable",
    "check_merged",
    "join_tracks",
    "may_follow",
    "merged_ids",
]
