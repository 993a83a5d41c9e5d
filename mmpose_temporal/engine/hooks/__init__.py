"""Hooks of training and testing."""

from .load_stage1_hook import LoadStage1Hook
from .visualization_hook import PoseTrackVisualizationHook

__all__ = ["LoadStage1Hook", "PoseTrackVisualizationHook"]
