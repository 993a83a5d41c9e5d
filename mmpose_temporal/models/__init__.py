"""Models; importing this registers them in mmpose."""

from . import backbones, heads, losses, necks, pose_estimators
from .similarities import (
    ConvEntailment,
    FlowSimilarity,
    GCNSimilarity,
    IoUSimilarity,
    MotionOKSSimilarity,
    OKSSimilarity,
    PoseEntailment,
    Similarity,
    TrackEntailment,
)
from .trackers import Association, PoseOnlyTracker, PoseTracker

__all__ = [
    "Association",
    "ConvEntailment",
    "FlowSimilarity",
    "GCNSimilarity",
    "IoUSimilarity",
    "MotionOKSSimilarity",
    "OKSSimilarity",
    "PoseEntailment",
    "PoseOnlyTracker",
    "PoseTracker",
    "Similarity",
    "TrackEntailment",
    "backbones",
    "heads",
    "losses",
    "necks",
    "pose_estimators",
]
