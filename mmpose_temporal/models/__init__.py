"""Models; importing this registers them in mmpose."""

from .similarities import IoUSimilarity, OKSSimilarity, Similarity
from .trackers import Association, PoseTracker

__all__ = ["Association", "IoUSimilarity", "OKSSimilarity", "PoseTracker", "Similarity"]
