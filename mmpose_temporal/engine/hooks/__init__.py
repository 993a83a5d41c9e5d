"""Hooks of training and testing."""

from .load_estimator_hook import LoadEstimatorHook
from .visualization_hook import PoseTrackVisualizationHook

__all__ = ["LoadEstimatorHook", "PoseTrackVisualizationHook"]
