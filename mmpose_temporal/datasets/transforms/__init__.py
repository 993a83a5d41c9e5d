"""Pipelines of whole frames, of pairs of poses and of pairs of stills."""

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
from .still_looks import BlurStills, JitterStillColors, NoiseStills
from .still_motion import MoveStillPeople
from .still_occluders import OccludeStills
from .still_queries import DrawStillQueries, PackStillPair
from .still_views import StillTransform, StillViews

__all__ = [
    "BlurStills",
    "CheckFrameSize",
    "DrawStillQueries",
    "JitterStillColors",
    "LoadPairCrops",
    "LoadVideoFrame",
    "LocateKeypoints",
    "MatchKnownIds",
    "MoveStillPeople",
    "NoiseStills",
    "OccludeStills",
    "PackFrameInputs",
    "PackFramePoses",
    "PackPosePairs",
    "PackStillPair",
    "PosePairDrop",
    "PosePairFalseJoints",
    "PosePairFlip",
    "PosePairJitter",
    "PosePairReverse",
    "PosePairScoreNoise",
    "PosePairShift",
    "PosePairTransform",
    "StillTransform",
    "StillViews",
]
