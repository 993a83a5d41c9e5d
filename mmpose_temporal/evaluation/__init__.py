"""Evaluation: pure functions, metrics that call them, files of ground truth and predictions."""

from mmpose_temporal.posetrack import PredictedFrame, prediction_path, write_video_predictions

from .metrics import CorrespondencePCK, MatchAccuracyMetric, PoseTrackMetric
from .posetrack_files import (
    FileFigures,
    VideoFiles,
    evaluate_files,
    find_video_files,
    read_video_files,
)
from .results import Results, compare_results, read_results, write_results
from .tables import as_json, format_joints, format_table, format_videos

__all__ = [
    "CorrespondencePCK",
    "FileFigures",
    "MatchAccuracyMetric",
    "PoseTrackMetric",
    "PredictedFrame",
    "Results",
    "VideoFiles",
    "as_json",
    "compare_results",
    "evaluate_files",
    "find_video_files",
    "format_joints",
    "format_table",
    "format_videos",
    "prediction_path",
    "read_results",
    "read_video_files",
    "write_results",
    "write_video_predictions",
]
