"""The PoseTrack18 keypoint layout: the one inside layout of this package.

17 keypoints are stored, 15 are scored: PoseTrack never annotates the ears. PoseTrack17 and
PoseTrack21 files are converted to it.
"""

import numpy as np

from .skeleton import Skeleton

KEYPOINT_NAMES = (
    "nose",
    "head_bottom",
    "head_top",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
)
"""Names in the order of the annotation files."""

NUM_KEYPOINTS = len(KEYPOINT_NAMES)

SCORED_KEYPOINTS = np.array(
    [i for i, name in enumerate(KEYPOINT_NAMES) if not name.endswith("ear")], dtype=np.int64
)
"""The 15 indices, of 17, that the evaluation looks at: all but the ears."""

JOINT_GROUPS = {
    "Head": (0, 1, 2),
    "Shou": (5, 6),
    "Elb": (7, 8),
    "Wri": (9, 10),
    "Hip": (11, 12),
    "Knee": (13, 14),
    "Ankl": (15, 16),
}
"""Columns of the tables in the papers, as indices into the 17 keypoints."""

POSETRACK17_JOINTS = (
    "right_ankle",
    "right_knee",
    "right_hip",
    "left_hip",
    "left_knee",
    "left_ankle",
    "right_wrist",
    "right_elbow",
    "right_shoulder",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
    "head_bottom",
    "nose",
    "head_top",
)
"""The 15 joints of PoseTrack17's files in the order of their ids; it has no ears."""

_BONES = (
    ("left_ankle", "left_knee"),
    ("left_knee", "left_hip"),
    ("right_ankle", "right_knee"),
    ("right_knee", "right_hip"),
    ("left_hip", "right_hip"),
    ("left_shoulder", "left_hip"),
    ("right_shoulder", "right_hip"),
    ("left_shoulder", "right_shoulder"),
    ("left_shoulder", "left_elbow"),
    ("right_shoulder", "right_elbow"),
    ("left_elbow", "left_wrist"),
    ("right_elbow", "right_wrist"),
    ("head_bottom", "head_top"),
    ("nose", "head_bottom"),
    ("nose", "head_top"),
)


def person_categories(skeleton: Skeleton | None = None) -> list[dict]:
    """The ``categories`` of a file in PoseTrack18's layout: one class, its names, 1-based links.

    Args:
        skeleton: Of the poses in the file. None: PoseTrack18's, with the links of its files.
    """
    if skeleton is None or skeleton.keypoint_names == KEYPOINT_NAMES:
        names = list(KEYPOINT_NAMES)
        links = [[names.index(a) + 1, names.index(b) + 1] for a, b in _BONES]
    else:
        names, links = list(skeleton.keypoint_names), (skeleton.links + 1).tolist()
    return [
        {
            "id": 1,
            "name": "person",
            "supercategory": "person",
            "keypoints": names,
            "skeleton": links,
        }
    ]
