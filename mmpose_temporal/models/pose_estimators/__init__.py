"""Pose estimators and their describers; the estimators need mmdet, as mmpose's networks do."""

from mmpose_temporal.compat import mmpose_networks_available

from .describers import Describer, EstimatedCrops, find_describer
from .keypoint_describer import KeypointDescriber
from .memory_describer import MemoryDescriber

__all__ = ["Describer", "EstimatedCrops", "KeypointDescriber", "MemoryDescriber", "find_describer"]

if mmpose_networks_available():
    from .temporal_pose_estimator import TemporalPoseEstimator

    __all__ += ["TemporalPoseEstimator"]
