"""Metrics for mmengine's evaluator."""

from .posetrack_metric import PoseTrackMetric

__all__ = ["PoseTrackMetric"]
