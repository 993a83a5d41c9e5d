"""Tracks on frames, videos and identity timelines."""

from .attention import draw_attention, draw_scores, figure_image, received_attention
from .correspondences import PointPicture, draw_correspondences, heat_colors
from .matching import draw_matches, draw_refinement, probability_colors, save_picture
from .memory import EntryPicture, draw_memory, draw_qualities
from .palette import track_colors
from .timeline import (
    Merge,
    Segment,
    Switch,
    Timeline,
    TimelineRecorder,
    build_timeline,
    match_boxes,
)
from .timeline_plot import draw_timeline, save_timeline
from .track_visualizer import PoseTrackVisualizer
from .video_writer import TrackVideoWriter

__all__ = [
    "EntryPicture",
    "Merge",
    "PointPicture",
    "PoseTrackVisualizer",
    "Segment",
    "Switch",
    "Timeline",
    "TimelineRecorder",
    "TrackVideoWriter",
    "build_timeline",
    "draw_attention",
    "draw_correspondences",
    "draw_matches",
    "draw_memory",
    "draw_qualities",
    "draw_refinement",
    "draw_scores",
    "draw_timeline",
    "figure_image",
    "heat_colors",
    "match_boxes",
    "probability_colors",
    "received_attention",
    "save_picture",
    "save_timeline",
    "track_colors",
]
