"""What travels between the rooms: the people of a frame and keypoint layouts."""

from .frame_poses import UNTRACKED, FramePoses, enclosing_boxes
from .posetrack_layout import (
    JOINT_GROUPS,
    KEYPOINT_NAMES,
    NUM_KEYPOINTS,
    POSETRACK17_JOINTS,
    SCORED_KEYPOINTS,
    person_categories,
)
from .posetrack_skeleton import POSETRACK18
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
    "JOINT_GROUPS",
    "KEYPOINT_NAMES",
    "NUM_KEYPOINTS",
    "POSETRACK17_JOINTS",
    "POSETRACK18",
    "SCORED_KEYPOINTS",
    "UNTRACKED",
    "FramePoses",
    "KeypointMapping",
    "Skeleton",
    "check_keypoints",
    "enclosing_boxes",
    "keypoint_names",
    "map_keypoints",
    "metainfo_keypoint_names",
    "person_categories",
    "refuse_keypoints",
    "stated_keypoints",
]
