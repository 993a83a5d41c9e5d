"""What users call from Python: tracking of stored poses, and loading."""

from .loading import build_pose_tracker, load_test_video
from .track_poses import TrackingReport, build_pose_only_tracker, track_pose_files

__all__ = [
    "TrackingReport",
    "build_pose_only_tracker",
    "build_pose_tracker",
    "load_test_video",
    "track_pose_files",
]
