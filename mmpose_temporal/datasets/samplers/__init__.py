"""Orders in which videos are read."""

from .video_sampler import VideoSampler

__all__ = ["VideoSampler"]
