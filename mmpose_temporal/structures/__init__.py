"""What travels between the rooms: the people of a frame and the keypoint layout."""

from .frame_poses import UNTRACKED, FramePoses, enclosing_boxes
from .metainfo import posetrack_metainfo
from .posetrack_layout import (
    JOINT_GROUPS,
    KEYPOINT_NAMES,
    NUM_KEYPOINTS,
    POSETRACK17_JOINTS,
    SCORED_KEYPOINTS,
    person_categories,
)

__all__ = [
    "JOINT_GROUPS",
    "KEYPOINT_NAMES",
    "NUM_KEYPOINTS",
    "POSETRACK17_JOINTS",
    "SCORED_KEYPOINTS",
    "UNTRACKED",
    "FramePoses",
    "enclosing_boxes",
    "person_categories",
    "posetrack_metainfo",
]
