"""Estimation: sources of boxes, crops, and batches of the estimator."""

from .box_sources import Boxes, BoxSource, DatasetBoxes, DetectorBoxes, find_config
from .checkpoint_guard import CheckpointGuard
from .cropping import Crops, TopdownCropper
from .estimator_batches import FramePreprocessor, crop_samples, gather_people
from .memory import Memory, say_if_unused
from .person_memory import MemoryRecord, PersonMemories, PersonMemory
from .single_images import estimate_image, in_no_video

__all__ = [
    "BoxSource",
    "Boxes",
    "CheckpointGuard",
    "Crops",
    "DatasetBoxes",
    "DetectorBoxes",
    "FramePreprocessor",
    "Memory",
    "MemoryRecord",
    "PersonMemories",
    "PersonMemory",
    "TopdownCropper",
    "crop_samples",
    "estimate_image",
    "find_config",
    "gather_people",
    "in_no_video",
    "say_if_unused",
]
