"""Hooks of training and testing."""

from .check_keypoints_hook import CheckKeypointsHook
from .load_stage1_hook import LoadStage1Hook
from .visualization_hook import PoseTrackVisualizationHook

__all__ = ["CheckKeypointsHook", "LoadStage1Hook", "PoseTrackVisualizationHook"]
