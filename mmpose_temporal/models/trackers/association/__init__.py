"""Association: similarity, gates, depth, assignment, life and births of tracks."""

from .assignment import Assignment, GreedyAssignment, HungarianAssignment, LogOddsAssignment
from .association import Association
from .births import Births, ScoreBirths, Unmatched
from .depth import Depth, History, LastPose, nearest_pairs
from .duplicates import DuplicateRemoval
from .gates import CenterDistanceGate, Gate, IoUGate
from .life import ConfirmedLife, Life, TrackLife
from .live_tracks import Associated, Comparison, LiveTracks

__all__ = [
    "Assignment",
    "Associated",
    "Association",
    "Births",
    "CenterDistanceGate",
    "Comparison",
    "ConfirmedLife",
    "Depth",
    "DuplicateRemoval",
    "Gate",
    "GreedyAssignment",
    "History",
    "HungarianAssignment",
    "IoUGate",
    "LastPose",
    "Life",
    "LiveTracks",
    "LogOddsAssignment",
    "ScoreBirths",
    "TrackLife",
    "Unmatched",
    "nearest_pairs",
]
