"""Models; importing this registers them in mmpose."""

from .similarities import IoUSimilarity, OKSSimilarity, Similarity
from .trackers import Association, PoseOnlyTracker, PoseTracker

__all__ = [
    "Association",
    "IoUSimilarity",
    "OKSSimilarity",
    "PoseOnlyTracker",
    "PoseTracker",
    "Similarity",
]
