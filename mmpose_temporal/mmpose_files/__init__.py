"""mmpose's own files of predictions: read for tracking, and written back with track ids.

``MMPoseInferencer`` writes them with ``pred_out_dir``, mmpose's demos with ``--save-predictions``.
They have no ids and no names of images; :mod:`.layouts` says what they look like.
"""

from .layouts import is_mmpose_predictions
from .videos import MMPoseVideo, output_paths, read_mmpose_videos

__all__ = ["MMPoseVideo", "is_mmpose_predictions", "output_paths", "read_mmpose_videos"]
