"""Similarities: score two poses."""

from .base import Representation, Similarity
from .chosen_joints import ChosenJoints
from .flow import FlowSimilarity
from .functional import box_areas, pairwise_iou, pairwise_oks
from .gcn import GCNSimilarity
from .iou import IoUSimilarity
from .oks import OKSSimilarity

__all__ = [
    "ChosenJoints",
    "FlowSimilarity",
    "GCNSimilarity",
    "IoUSimilarity",
    "OKSSimilarity",
    "Representation",
    "Similarity",
    "box_areas",
    "pairwise_iou",
    "pairwise_oks",
]
