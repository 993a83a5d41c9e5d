"""Necks of the temporal estimators."""

from .clip_memory import ClipStep
from .feature_memory import FeatureMemory, Written
from .fused_projection import FusedProjection
from .global_net import GlobalNet
from .inception_decoder import InceptionDecoder
from .keypoint_quality import SavedKeypoints, keypoint_quality, replace_keypoints
from .memory_store import MemoryStore
from .pose_temporal_memory import PoseTemporalMemory, find_memory
from .sample_neck import SampleNeck
from .stored_entries import Entries, FrameFeatures, PersonEntries

__all__ = [
    "ClipStep",
    "Entries",
    "FeatureMemory",
    "FrameFeatures",
    "FusedProjection",
    "GlobalNet",
    "InceptionDecoder",
    "MemoryStore",
    "PersonEntries",
    "PoseTemporalMemory",
    "SampleNeck",
    "SavedKeypoints",
    "Written",
    "find_memory",
    "keypoint_quality",
    "replace_keypoints",
]
