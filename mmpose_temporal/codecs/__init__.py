"""Codecs: from keypoints to what a head learns, and back."""

from .offset_heatmap import OffsetHeatmap

__all__ = ["OffsetHeatmap"]
