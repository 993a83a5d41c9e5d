"""Data sets, samplers and transforms; importing this registers them in mmpose."""

from .metainfo import posetrack_metainfo
from .posetrack_json import (
    FrameAnnotation,
    PersonAnnotation,
    VideoAnnotation,
    frame_poses,
    load_videos,
    read_merged,
    read_video,
)
from .posetrack_person_dataset import PoseTrackPersonDataset
from .posetrack_video_dataset import PoseTrackVideoDataset, read_detections
from .samplers import VideoSampler
from .transforms import LoadVideoFrame, PackFrameInputs

__all__ = [
    "FrameAnnotation",
    "LoadVideoFrame",
    "PackFrameInputs",
    "PersonAnnotation",
    "PoseTrackPersonDataset",
    "PoseTrackVideoDataset",
    "VideoAnnotation",
    "VideoSampler",
    "frame_poses",
    "load_videos",
    "posetrack_metainfo",
    "read_detections",
    "read_merged",
    "read_video",
]
