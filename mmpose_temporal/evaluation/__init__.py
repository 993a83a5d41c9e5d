"""Evaluation: pure functions, the metrics that call them, and prediction files."""

from .metrics import PoseTrackMetric
from .posetrack_format import PredictedFrame, prediction_path, write_video_predictions

__all__ = ["PoseTrackMetric", "PredictedFrame", "prediction_path", "write_video_predictions"]
