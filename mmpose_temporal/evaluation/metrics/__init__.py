"""Metrics for mmengine's evaluator."""

from .correspondence_metric import CorrespondencePCK
from .match_accuracy_metric import MatchAccuracyMetric
from .match_accuracy_observer import MatchAccuracyObserver
from .posetrack_metric import PoseTrackMetric

__all__ = ["CorrespondencePCK", "MatchAccuracyMetric", "MatchAccuracyObserver", "PoseTrackMetric"]
