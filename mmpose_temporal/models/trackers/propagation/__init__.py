"""Propagation: people of the frame before as candidates in the next one."""

from .base import DETECTED, LastFrame, PersonCandidates, Propagation, confidence, turns
from .pasted_boxes import BoxPropagation, PastedBoxes, TemporalOKS

__all__ = [
    "DETECTED",
    "BoxPropagation",
    "LastFrame",
    "PastedBoxes",
    "PersonCandidates",
    "Propagation",
    "TemporalOKS",
    "confidence",
    "turns",
]
