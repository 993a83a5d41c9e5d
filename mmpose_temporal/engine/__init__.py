"""Hooks of training and testing."""

from .hooks import LoadStage1Hook, PoseTrackVisualizationHook

__all__ = ["LoadStage1Hook", "PoseTrackVisualizationHook"]
