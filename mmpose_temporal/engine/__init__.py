"""Hooks of training and testing."""

from .hooks import PoseTrackVisualizationHook

__all__ = ["PoseTrackVisualizationHook"]
