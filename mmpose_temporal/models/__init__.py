"""Models; importing this registers them in mmpose."""

from . import backbones, correspondences, heads, losses, necks, pose_estimators
from .similarities import (
    ConvEntailment,
    CorrespondenceSimilarity,
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
    "CorrespondenceSimilarity",
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
    "correspondences",
    "heads",
    "losses",
    "necks",
    "pose_estimators",
]
