"""Models; importing this registers them in mmpose."""

from . import heads, losses, pose_estimators
from .similarities import FlowSimilarity, GCNSimilarity, IoUSimilarity, OKSSimilarity, Similarity
from .trackers import Association, PoseOnlyTracker, PoseTracker

__all__ = [
    "Association",
    "FlowSimilarity",
    "GCNSimilarity",
    "IoUSimilarity",
    "OKSSimilarity",
    "PoseOnlyTracker",
    "PoseTracker",
    "Similarity",
    "heads",
    "losses",
    "pose_estimators",
]
