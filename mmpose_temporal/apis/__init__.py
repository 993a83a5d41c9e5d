"""What the command line calls."""

from .command_line import build_runner, run_testing, run_training
from .track_poses import TrackingReport, build_pose_only_tracker, track_pose_files

__all__ = [
    "TrackingReport",
    "build_pose_only_tracker",
    "build_runner",
    "run_testing",
    "run_training",
    "track_pose_files",
]
