"""Evaluation: pure functions, metrics that call them, files of ground truth and predictions."""

from mmpose_temporal.posetrack import PredictedFrame, prediction_path, write_video_predictions

from .metrics import MatchAccuracyMetric, PoseTrackMetric
from .posetrack_files import (
    FileFigures,
    VideoFiles,
    evaluate_files,
    find_video_files,
    read_video_files,
)
from .tables import as_json, format_table, format_videos

__all__ = [
    "FileFigures",
    "MatchAccuracyMetric",
    "PoseTrackMetric",
    "PredictedFrame",
    "VideoFiles",
    "as_json",
    "evaluate_files",
    "find_video_files",
    "format_table",
    "format_videos",
    "prediction_path",
    "read_video_files",
    "write_video_predictions",
]
