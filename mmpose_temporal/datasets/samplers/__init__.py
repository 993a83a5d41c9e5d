"""Orders in which videos are read."""

from .balanced_pair_sampler import BalancedPairSampler
from .video_sampler import VideoSampler

__all__ = ["BalancedPairSampler", "VideoSampler"]
