"""Metrics for mmengine's evaluator."""

from .match_accuracy_metric import MatchAccuracyMetric
from .posetrack_metric import PoseTrackMetric

__all__ = ["MatchAccuracyMetric", "PoseTrackMetric"]
