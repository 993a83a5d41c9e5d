"""Models; importing this registers them in mmpose."""

from . import heads, pose_estimators
from .similarities import GCNSimilarity, IoUSimilarity, OKSSimilarity, Similarity
from .trackers import Association, PoseOnlyTracker, PoseTracker

__all__ = [
    "Association",
    "GCNSimilarity",
    "IoUSimilarity",
    "OKSSimilarity",
    "PoseOnlyTracker",
    "PoseTracker",
    "Similarity",
    "heads",
    "pose_estimators",
]
