"""Hooks of training and testing; the command lines of the tools in command_line/."""

from mmpose_temporal.compat import mmpose_networks_available

if mmpose_networks_available():  # the hooks draw with mmpose's visualizer
    from .hooks import LoadEstimatorHook, PoseTrackVisualizationHook

    __all__ = ["LoadEstimatorHook", "PoseTrackVisualizationHook"]
