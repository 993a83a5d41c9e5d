"""Models; importing this registers them in mmpose."""

from . import heads, pose_estimators
from .similarities import IoUSimilarity, OKSSimilarity, Similarity
from .trackers import Association, PoseOnlyTracker, PoseTracker

__all__ = [
    "Association",
    "IoUSimilarity",
    "OKSSimilarity",
    "PoseOnlyTracker",
    "PoseTracker",
    "Similarity",
    "heads",
    "pose_estimators",
]
