"""The PoseTrack18 layout as a skeleton."""

from .posetrack_layout import KEYPOINT_NAMES, SCORED_KEYPOINTS
from .skeleton import Skeleton

_LEFT, _RIGHT, _MIDDLE = (0, 255, 0), (255, 128, 0), (51, 153, 255)

_LINKS = (
    *((15, 13), (13, 11), (16, 14), (14, 12), (11, 12), (5, 11), (6, 12), (5, 6)),
    *((5, 7), (6, 8), (7, 9), (8, 10), (0, 1), (0, 2), (1, 5), (1, 6)),
)

_SIGMAS_OF_PAIRS = (0.035, 0.079, 0.072, 0.062, 0.107, 0.087, 0.089)

POSETRACK18 = Skeleton(
    name="posetrack18",
    keypoint_names=KEYPOINT_NAMES,
    flip_indices=[0, 1, 2, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15],
    sigmas=[0.026, 0.025, 0.025, *(sigma for sigma in _SIGMAS_OF_PAIRS for _ in range(2))],
    links=_LINKS,
    keypoint_colors=[*[_MIDDLE] * 5, *[_LEFT, _RIGHT] * 6],
    link_colors=[
        *[_LEFT] * 2,
        *[_RIGHT] * 2,
        *[_MIDDLE] * 4,
        *[_LEFT, _RIGHT] * 2,
        *[_MIDDLE] * 4,
    ],
    scored=SCORED_KEYPOINTS,
)
"""This layout as mmpose's ``posetrack18.py`` has it, and which keypoints are scored."""
