"""Procedural videos of people with PoseTrack18 annotations, made without any data."""

from .annotations import image_entry, merge, person_entries
from .config import SCENES, SPLITS, SyntheticVideoConfig, video_index, video_name
from .detections import DetectorNoise, simulate_detections
from .preview import draw_annotations, preview_grid
from .video import FrameTruth, VideoRenderer, render_video
from .writer import SplitSummary, image_suffix, write_dataset, write_detections, write_image

__all__ = [
    "SCENES",
    "SPLITS",
    "DetectorNoise",
    "FrameTruth",
    "SplitSummary",
    "SyntheticVideoConfig",
    "VideoRenderer",
    "draw_annotations",
    "image_entry",
    "image_suffix",
    "merge",
    "person_entries",
    "preview_grid",
    "render_video",
    "simulate_detections",
    "video_index",
    "video_name",
    "write_dataset",
    "write_detections",
    "write_image",
]
