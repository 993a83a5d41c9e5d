"""Similarities: score two poses."""

from .base import Representation, Similarity
from .functional import box_areas, pairwise_iou, pairwise_oks
from .iou import IoUSimilarity
from .oks import OKSSimilarity

__all__ = [
    "IoUSimilarity",
    "OKSSimilarity",
    "Representation",
    "Similarity",
    "box_areas",
    "pairwise_iou",
    "pairwise_oks",
]
