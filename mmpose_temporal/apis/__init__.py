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
from .matching import FrameMatches, frame_matches
from .simulate_poses import SimulationReport, simulate_pose_files
from .track_poses import TrackingReport, build_pose_only_tracker, track_pose_files

__all__ = [
    "COUNTED",
    "Complexity",
    "FrameMatches",
    "ModuleCost",
    "SimulationReport",
    "TrackingReport",
    "build_pose_only_tracker",
    "build_runner",
    "estimator_complexity",
    "frame_matches",
    "run_testing",
    "run_training",
    "similarity_complexity",
    "simulate_pose_files",
    "track_pose_files",
    "why_not_the_paper",
]
