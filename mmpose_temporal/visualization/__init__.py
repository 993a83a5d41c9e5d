"""Tracks on frames, videos and identity timelines."""

from .palette import track_colors
from .timeline import (
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
    "PoseTrackVisualizer",
    "Segment",
    "Switch",
    "Timeline",
    "TimelineRecorder",
    "TrackVideoWriter",
    "build_timeline",
    "draw_timeline",
    "match_boxes",
    "save_timeline",
    "track_colors",
]
