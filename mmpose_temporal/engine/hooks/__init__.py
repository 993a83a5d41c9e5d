"""Hooks of training and testing."""

from .check_keypoints_hook import CheckKeypointsHook
from .load_estimator_hook import LoadEstimatorHook
from .save_metrics_hook import SaveMetricsHook
from .visualization_hook import PoseTrackVisualizationHook

__all__ = [
    "CheckKeypointsHook",
    "LoadEstimatorHook",
    "PoseTrackVisualizationHook",
    "SaveMetricsHook",
]
