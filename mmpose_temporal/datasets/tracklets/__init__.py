"""Tracks of poses as an estimator and a detector would give them, made from annotated ones."""

from .clips import augment_clip, clip_of_video
from .pose_errors import ErrorRates, NoisyFrame, simulate_errors
from .track_pairs import TrackPairs, draw_pairs

__all__ = [
    "ErrorRates",
    "NoisyFrame",
    "TrackPairs",
    "augment_clip",
    "clip_of_video",
    "draw_pairs",
    "simulate_errors",
]
