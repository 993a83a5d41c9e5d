"""Pure evaluation functions: arrays in, counts and figures out."""

from .average_precision import JointDetections, average_precision, label_detections
from .clear_mot import MotCounts, TrackedMatches, clear_mot, track_matches
from .ignore_regions import points_in_polygon, points_in_regions
from .inputs import (
    JOINT_NAMES,
    NUM_JOINTS,
    SCORED_GROUPS,
    GroundTruthFrame,
    People,
    PredictionFrame,
    VideoInput,
    pair_videos,
)
from .pckh import (
    PCKH_THRESHOLD,
    PROTOCOLS,
    JointMatches,
    ScoredVideo,
    assign_people,
    head_sizes,
    match_joints,
    select_scored,
)
from .posetrack import (
    FIGURES,
    JOINT_CHOICES,
    PoseTrackFigures,
    VideoCounts,
    check_options,
    evaluate_video,
    evaluate_videos,
    figure_keys,
    summarize,
)

__all__ = [
    "FIGURES",
    "JOINT_CHOICES",
    "JOINT_NAMES",
    "NUM_JOINTS",
    "PCKH_THRESHOLD",
    "PROTOCOLS",
    "SCORED_GROUPS",
    "GroundTruthFrame",
    "JointDetections",
    "JointMatches",
    "MotCounts",
    "People",
    "PoseTrackFigures",
    "PredictionFrame",
    "ScoredVideo",
    "TrackedMatches",
    "VideoCounts",
    "VideoInput",
    "assign_people",
    "average_precision",
    "check_options",
    "clear_mot",
    "evaluate_video",
    "evaluate_videos",
    "figure_keys",
    "head_sizes",
    "label_detections",
    "match_joints",
    "pair_videos",
    "points_in_polygon",
    "points_in_regions",
    "select_scored",
    "summarize",
    "track_matches",
]
