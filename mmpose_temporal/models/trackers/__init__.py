"""The pose tracker and its parts."""

from .assignment import Assignment, GreedyAssignment, HungarianAssignment, LogOddsAssignment
from .association import Association, TrackMemory
from .box_sources import BoxSource, DatasetBoxes, DetectorBoxes
from .checkpoint_guard import CheckpointGuard
from .confirmed_association import ConfirmedAssociation
from .cropping import Crops, TopdownCropper
from .estimator_batches import FramePreprocessor
from .feats import Feats, select_people
from .finished_frames import FinishedFrames, TrackedFrame
from .gates import CenterDistanceGate, Gate, IoUGate
from .history_association import HistoryAssociation, nearest_pairs
from .pasted_boxes import BoxPropagation, PastedBoxes, TemporalOKS
from .pose_only_tracker import PoseOnlyTracker
from .pose_tracker import PoseTracker
from .propagation import Candidates, MergedPoses, Propagation, PropagationMemory
from .refinement import Refinement
from .refinement_window import PathStep, RefinementRecord, RefinementWindow
from .suppression import OKSNMS, BoxNMS, GreedySuppression, PoseNMS, SoftOKSNMS, Suppression
from .temporal_refinement import TemporalRefinement
from .video_state import VideoState

__all__ = [
    "OKSNMS",
    "Assignment",
    "Association",
    "BoxNMS",
    "BoxPropagation",
    "BoxSource",
    "Candidates",
    "CenterDistanceGate",
    "CheckpointGuard",
    "ConfirmedAssociation",
    "Crops",
    "DatasetBoxes",
    "DetectorBoxes",
    "Feats",
    "FinishedFrames",
    "FramePreprocessor",
    "Gate",
    "GreedyAssignment",
    "GreedySuppression",
    "HistoryAssociation",
    "HungarianAssignment",
    "IoUGate",
    "LogOddsAssignment",
    "MergedPoses",
    "PastedBoxes",
    "PathStep",
    "PoseNMS",
    "PoseOnlyTracker",
    "PoseTracker",
    "Propagation",
    "PropagationMemory",
    "Refinement",
    "RefinementRecord",
    "RefinementWindow",
    "SoftOKSNMS",
    "Suppression",
    "TemporalOKS",
    "TemporalRefinement",
    "TopdownCropper",
    "TrackMemory",
    "TrackedFrame",
    "VideoState",
    "nearest_pairs",
    "select_people",
]
