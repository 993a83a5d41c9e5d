"""Hooks of training and testing."""

from .visualization_hook import PoseTrackVisualizationHook

__all__ = ["PoseTrackVisualizationHook"]
