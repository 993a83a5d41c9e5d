"""Which joints are scored, and how the tables group them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from mmpose_temporal.structures import (
    JOINT_GROUPS,
    KEYPOINT_NAMES,
    SCORED_KEYPOINTS,
    Skeleton,
)

JOINT_NAMES = tuple(KEYPOINT_NAMES[index] for index in SCORED_KEYPOINTS)
"""Names of PoseTrack's 15 scored joints."""

NUM_JOINTS = len(JOINT_NAMES)
"""How many they are (15)."""

SCORED_GROUPS = {
    name: np.searchsorted(SCORED_KEYPOINTS, indices) for name, indices in JOINT_GROUPS.items()
}
"""Columns of the tables in PoseTrack's papers, as indices into its 15 scored joints."""

_SIDE = re.compile(r"(?:^|(?<=[\W_]))(?:left|right|l|r)(?:[\W_]+|$)", re.IGNORECASE)
"""A word of a keypoint's name that gives its side: left_hip, R_Eye, hip_left."""


@dataclass(frozen=True, eq=False)
class ScoredJoints:
    """The J joints that the evaluation looks at.

    Attributes:
        names: Names of the J joints.
        groups: Columns of the table: name to indices into the J joints. Each joint is in one.
    """

    names: tuple[str, ...]
    groups: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, skeleton: Skeleton) -> "ScoredJoints":
        """The scored keypoints of a skeleton, see :meth:`of_names`."""
        return cls.of_names(skeleton.keypoint_names[index] for index in skeleton.scored)

    @classmethod
    def of_names(cls, names: Iterable[str]) -> "ScoredJoints":
        """Joints by their names, in groups.

        PoseTrack's 15 joints have the groups of its papers. In other layouts the left and the
        right one of a joint make a group, named without the side ('left_hip' and 'R_Hip' are in
        'hip' and 'Hip'); a joint without a side is its own group. If there is such a joint
        in addition to the two (Halpe-26 has a 'hip' in the middle), theirs is 'left_right_hip'.
        """
        names = tuple(names)
        if names == JOINT_NAMES:
            return POSETRACK_JOINTS
        groups: dict[str, list[int]] = {}
        for index, name in enumerate(names):
            joint = without_side(name)
            if joint != name and joint in names:
                joint = f"left_right_{joint}"
            groups.setdefault(joint, []).append(index)
        return cls(names, {group: np.array(index) for group, index in groups.items()})

    def __len__(self) -> int:
        """J."""
        return len(self.names)


def without_side(name: str) -> str:
    """A keypoint's name without the word for left or right; the name itself if nothing is left."""
    return _SIDE.sub("", name).strip("_- ") or name


POSETRACK_JOINTS = ScoredJoints(JOINT_NAMES, SCORED_GROUPS)
"""Those of PoseTrack, in its groups Head, Shou, ..., Ankl."""
