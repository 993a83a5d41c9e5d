"""Refinement: poses changed by their neighbours in time."""

from .base import Refinement
from .temporal_refinement import TemporalRefinement
from .window import PathStep, RefinementRecord, RefinementWindow

__all__ = [
    "PathStep",
    "Refinement",
    "RefinementRecord",
    "RefinementWindow",
    "TemporalRefinement",
]
