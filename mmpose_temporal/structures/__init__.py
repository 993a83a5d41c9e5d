"""What travels between the rooms: people, frames, and keypoint layouts."""

from .frame_packet import FramePacket, frame_size, frame_time, is_searched
from .metainfo import posetrack_metainfo
from .observer import CallbackObserver, Observer
from .people import INPUT_ROW, UNMERGED, UNSEEN, UNTRACKED, People, enclosing_boxes
from .plain_state import from_plain, plain_state, to_plain
from .posetrack_layout import (
    JOINT_GROUPS,
    KEYPOINT_NAMES,
    NUM_KEYPOINTS,
    POSETRACK17_JOINTS,
    SCORED_KEYPOINTS,
    person_categories,
)
from .posetrack_skeleton import POSETRACK18
from .read_skeleton import read_metainfo, read_skeleton
from .rows import NamedRows, Rows, cat_rows, select_all, select_rows
from .skeleton import (
    KeypointMapping,
    Skeleton,
    keypoint_names,
    map_keypoints,
    metainfo_keypoint_names,
    refuse_keypoints,
)
from .stated_keypoints import check_keypoints, stated_keypoints

__all__ = [
    "INPUT_ROW",
    "JOINT_GROUPS",
    "KEYPOINT_NAMES",
    "NUM_KEYPOINTS",
    "POSETRACK17_JOINTS",
    "POSETRACK18",
    "SCORED_KEYPOINTS",
    "UNMERGED",
    "UNSEEN",
    "UNTRACKED",
    "CallbackObserver",
    "FramePacket",
    "KeypointMapping",
    "NamedRows",
    "Observer",
    "People",
    "Rows",
    "Skeleton",
    "cat_rows",
    "check_keypoints",
    "enclosing_boxes",
    "frame_size",
    "frame_time",
    "from_plain",
    "is_searched",
    "keypoint_names",
    "map_keypoints",
    "metainfo_keypoint_names",
    "person_categories",
    "plain_state",
    "posetrack_metainfo",
    "read_metainfo",
    "read_skeleton",
    "refuse_keypoints",
    "select_all",
    "select_rows",
    "stated_keypoints",
    "to_plain",
]
