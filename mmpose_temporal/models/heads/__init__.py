"""Heads of the temporal estimators."""

from .blocks import basic_block, basic_blocks
from .candidates import Candidates, gather_features, local_maxima, off_centre
from .keypoint_classifiers import KeypointClassifiers
from .matching_heads import BodyMatchingHead, KeypointMatchingHead, MatchingHead
from .refinement_head import KeypointRefinementHead

__all__ = [
    "BodyMatchingHead",
    "Candidates",
    "KeypointClassifiers",
    "KeypointMatchingHead",
    "KeypointRefinementHead",
    "MatchingHead",
    "basic_block",
    "basic_blocks",
    "gather_features",
    "local_maxima",
    "off_centre",
]
