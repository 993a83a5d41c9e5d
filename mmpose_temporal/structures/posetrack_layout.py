"""The PoseTrack18 keypoint layout: the one inside layout of this package.

17 keypoints are stored, 15 are scored: PoseTrack never annotates the ears. PoseTrack17 and
PoseTrack21 files are converted to it.
"""

import numpy as np

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
