"""Converters between data sets and the PoseTrack18 layout; the code behind the command lines."""

from .check import check_posetrack
from .check_report import ADVICE, DatasetReport, Finding, SplitReport
from .coco import COCO_KEYPOINTS, coco_to_posetrack, convert_coco
from .mpii import convert_mpii, mpii_to_posetrack
from .multiperson_posetrack import (
    FRAME_NAMES,
    MPII_JOINTS,
    convert_multiperson_posetrack,
    multiperson_video_to_18,
    read_multiperson_posetrack,
)
from .posetrack17 import (
    convert_from_posetrack17,
    posetrack17_to_18,
)
from .posetrack21 import convert_posetrack21, posetrack21_to_18
from .releases import Release, guess_release
from .report import ConversionReport
from .to_posetrack17 import convert_to_posetrack17, posetrack18_to_17

__all__ = [
    "ADVICE",
    "COCO_KEYPOINTS",
    "FRAME_NAMES",
    "MPII_JOINTS",
    "ConversionReport",
    "DatasetReport",
    "Finding",
    "Release",
    "SplitReport",
    "check_posetrack",
    "coco_to_posetrack",
    "convert_coco",
    "convert_from_posetrack17",
    "convert_mpii",
    "convert_multiperson_posetrack",
    "convert_posetrack21",
    "convert_to_posetrack17",
    "guess_release",
    "mpii_to_posetrack",
    "multiperson_video_to_18",
    "posetrack17_to_18",
    "posetrack18_to_17",
    "posetrack21_to_18",
    "read_multiperson_posetrack",
]
