"""Pipelines of whole frames and of pairs of poses."""

from .frames import LoadVideoFrame, PackFrameInputs
from .pose_pairs import (
    PackPosePairs,
    PosePairDrop,
    PosePairFalseJoints,
    PosePairFlip,
    PosePairJitter,
    PosePairReverse,
    PosePairScoreNoise,
    PosePairShift,
    PosePairTransform,
)

__all__ = [
    "LoadVideoFrame",
    "PackFrameInputs",
    "PackPosePairs",
    "PosePairDrop",
    "PosePairFalseJoints",
    "PosePairFlip",
    "PosePairJitter",
    "PosePairReverse",
    "PosePairScoreNoise",
    "PosePairShift",
    "PosePairTransform",
]
