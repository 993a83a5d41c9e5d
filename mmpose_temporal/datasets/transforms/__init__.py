"""Pipelines of whole frames and of pairs of poses."""

from .frames import CheckFrameSize, LoadVideoFrame, PackFrameInputs, PackFramePoses
from .keypoint_locations import LocateKeypoints
from .known_ids import MatchKnownIds
from .pair_crops import LoadPairCrops
from .pose_pair_noise import (
    PosePairDrop,
    PosePairFalseJoints,
    PosePairJitter,
    PosePairScoreNoise,
)
from .pose_pairs import (
    PackPosePairs,
    PosePairFlip,
    PosePairReverse,
    PosePairShift,
    PosePairTransform,
)

__all__ = [
    "CheckFrameSize",
    "LoadPairCrops",
    "LoadVideoFrame",
    "LocateKeypoints",
    "MatchKnownIds",
    "PackFrameInputs",
    "PackFramePoses",
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
