"""Tiny models, small data and seeded fakes, for tests of this package and of what builds on it.

Everything runs on the CPU in milliseconds and gives the same numbers at every call.
"""

from .annotation_files import as_posetrack17, two_people_file, write_video_files
from .correspondences import (
    CellColors,
    color_network_config,
    make_certain,
    textured_image,
    textured_video,
)
from .drawn import DrawnEstimator, draw_video
from .finished import finished_sample, finished_video
from .logs import logged
from .mmpose_predictions import PAIR, PAIR_META, mmpose_frame, mmpose_instance
from .models import (
    POSE_TEMPLATE,
    TemplateEstimator,
    template_keypoints,
    template_tracker_config,
    tiny_estimator_config,
    tiny_tracker_config,
)
from .poses import make_frame, make_packet, make_pose_pair, random_poses
from .runner import tiny_test_config
from .temporal import (
    tiny_crops,
    tiny_ptm_config,
    tiny_temporal_estimator_config,
    tiny_tkmr_config,
)
from .tracking import make_video, run_tracker, track_frames, walking_pair
from .turned import turned_png
from .videos import write_tiny_posetrack

__all__ = [
    "PAIR",
    "PAIR_META",
    "POSE_TEMPLATE",
    "CellColors",
    "DrawnEstimator",
    "TemplateEstimator",
    "as_posetrack17",
    "color_network_config",
    "draw_video",
    "finished_sample",
    "finished_video",
    "logged",
    "make_certain",
    "make_frame",
    "make_packet",
    "make_pose_pair",
    "make_video",
    "mmpose_frame",
    "mmpose_instance",
    "random_poses",
    "run_tracker",
    "template_keypoints",
    "template_tracker_config",
    "textured_image",
    "textured_video",
    "tiny_crops",
    "tiny_estimator_config",
    "tiny_ptm_config",
    "tiny_temporal_estimator_config",
    "tiny_test_config",
    "tiny_tkmr_config",
    "tiny_tracker_config",
    "track_frames",
    "turned_png",
    "two_people_file",
    "walking_pair",
    "write_tiny_posetrack",
    "write_video_files",
]
