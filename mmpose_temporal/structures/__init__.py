"""What travels between the rooms: the people of a frame, the frame, and the keypoint layout."""

from .frame_packet import FramePacket, frame_size, frame_time, is_searched
from .metainfo import posetrack_metainfo
from .observer import CallbackObserver, Observer
from .people import UNTRACKED, People, enclosing_boxes
from .plain_state import from_plain, plain_state, to_plain
from .posetrack_layout import (
    JOINT_GROUPS,
    KEYPOINT_NAMES,
    NUM_KEYPOINTS,
    POSETRACK17_JOINTS,
    SCORED_KEYPOINTS,
    person_categories,
)
from .rows import NamedRows, Rows, cat_rows, select_all, select_rows

FramePoses = People

__all__ = [
    "JOINT_GROUPS",
    "KEYPOINT_NAMES",
    "NUM_KEYPOINTS",
    "POSETRACK17_JOINTS",
    "SCORED_KEYPOINTS",
    "UNTRACKED",
    "CallbackObserver",
    "FramePacket",
    "FramePoses",
    "NamedRows",
    "Observer",
    "People",
    "Rows",
    "cat_rows",
    "enclosing_boxes",
    "frame_size",
    "frame_time",
    "from_plain",
    "is_searched",
    "person_categories",
    "plain_state",
    "posetrack_metainfo",
    "select_all",
    "select_rows",
    "to_plain",
]
