"""Pure evaluation functions: arrays in, counts and figures out."""

from .average_precision import JointDetections, average_precision, label_detections
from .clear_mot import MotCounts, TrackedMatches, clear_mot, track_matches
from .figures import (
    FIGURES,
    GROUPED,
    JOINT_CHOICES,
    METRICS,
    PoseTrackFigures,
    VideoCounts,
    add_counts,
    check_options,
    figure_keys,
    summarize,
)
from .hota import ALPHAS, HotaCounts, hota_counts, hota_figures
from .hota_legacy import LegacyHotaCounts, legacy_hota, legacy_hota_counts
from .identity import IdentityCounts, fragmentations, identity_counts, identity_figures
from .ignore_regions import points_in_polygon, points_in_regions
from .inputs import (
    GroundTruthFrame,
    People,
    PredictionFrame,
    VideoInput,
    pair_videos,
)
from .match_accuracy import MatchAccuracy, match_accuracy
from .pckh import (
    BBOX_SHARE,
    PCKH_THRESHOLD,
    PROTOCOLS,
    JointMatches,
    ScoredVideo,
    assign_people,
    bbox_sizes,
    head_sizes,
    match_joints,
    select_labeled,
    select_scored,
)
from .posetrack import evaluate_video, evaluate_videos
from .scored_joints import (
    JOINT_NAMES,
    NUM_JOINTS,
    POSETRACK_JOINTS,
    SCORED_GROUPS,
    ScoredJoints,
)

__all__ = [
    "ALPHAS",
    "BBOX_SHARE",
    "FIGURES",
    "GROUPED",
    "JOINT_CHOICES",
    "JOINT_NAMES",
    "METRICS",
    "NUM_JOINTS",
    "PCKH_THRESHOLD",
    "POSETRACK_JOINTS",
    "PROTOCOLS",
    "SCORED_GROUPS",
    "GroundTruthFrame",
    "HotaCounts",
    "IdentityCounts",
    "JointDetections",
    "JointMatches",
    "LegacyHotaCounts",
    "MatchAccuracy",
    "MotCounts",
    "People",
    "PoseTrackFigures",
    "PredictionFrame",
    "ScoredJoints",
    "ScoredVideo",
    "TrackedMatches",
    "VideoCounts",
    "VideoInput",
    "add_counts",
    "assign_people",
    "average_precision",
    "bbox_sizes",
    "check_options",
    "clear_mot",
    "evaluate_video",
    "evaluate_videos",
    "figure_keys",
    "fragmentations",
    "head_sizes",
    "hota_counts",
    "hota_figures",
    "identity_counts",
    "identity_figures",
    "label_detections",
    "legacy_hota",
    "legacy_hota_counts",
    "match_accuracy",
    "match_joints",
    "pair_videos",
    "points_in_polygon",
    "points_in_regions",
    "select_labeled",
    "select_scored",
    "summarize",
    "track_matches",
]
