"""Propagation: people of the previous frame as candidates in the current one."""

from .base import DETECTED, LastFrame, PersonCandidates, Propagation, confidence, turns
from .correspondences import CorrespondencePropagation
from .pasted_boxes import BoxPropagation, PastedBoxes, TemporalOKS

__all__ = [
    "DETECTED",
    "BoxPropagation",
    "CorrespondencePropagation",
    "LastFrame",
    "PastedBoxes",
    "PersonCandidates",
    "Propagation",
    "TemporalOKS",
    "confidence",
    "turns",
]
