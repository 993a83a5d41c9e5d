"""What the command line calls."""

from .command_line import build_runner, run_testing, run_training
from .complexity import (
    COUNTED,
    Complexity,
    ModuleCost,
    estimator_complexity,
    similarity_complexity,
    why_not_the_paper,
)
from .loading import build_pose_tracker, load_test_video
from .matching import FrameMatches, KeypointMatches, frame_matches
from .simulate_poses import SimulationReport, simulate_pose_files
from .track_poses import TrackingReport, build_pose_only_tracker, track_pose_files
from .watch_frame import KeypointChange, WatchedFrame, frame_image, watch_frame

__all__ = [
    "COUNTED",
    "Complexity",
    "FrameMatches",
    "KeypointChange",
    "KeypointMatches",
    "ModuleCost",
    "SimulationReport",
    "TrackingReport",
    "WatchedFrame",
    "build_pose_only_tracker",
    "build_pose_tracker",
    "build_runner",
    "estimator_complexity",
    "frame_image",
    "frame_matches",
    "load_test_video",
    "run_testing",
    "run_training",
    "similarity_complexity",
    "simulate_pose_files",
    "track_pose_files",
    "watch_frame",
    "why_not_the_paper",
]
