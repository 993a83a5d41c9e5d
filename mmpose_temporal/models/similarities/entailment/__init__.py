"""Pose entailment: does one pose follow another in time?"""

from .matching_network import MatchingNetwork, TransformerLayer
from .pose_entailment import PoseEntailment
from .tokens import POSITIONS, TokenEmbedding, position_cells, relative_cells
from .track_entailment import TrackEntailment

__all__ = [
    "POSITIONS",
    "MatchingNetwork",
    "PoseEntailment",
    "TokenEmbedding",
    "TrackEntailment",
    "TransformerLayer",
    "position_cells",
    "relative_cells",
]
