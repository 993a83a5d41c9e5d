"""Files of PoseTrack: what is read of them, what is written, ids and limits.

PoseTrack18's layout is the one inside layout; PoseTrack17's is read and written as well, and
PoseTrack21's is PoseTrack18's with more fields. One reader (:func:`read_file`), one set of checks
of fields (:mod:`.fields`), one rule for ids and boxes (:mod:`.records`).
"""

from .annotations import (
    FrameAnnotation,
    PersonAnnotation,
    VideoAnnotation,
    annotated_frames,
    frame_poses,
    joint_boxes,
)
from .content import FileContent, FileFrame
from .predictions import PredictedFrame, prediction_path, write_video_predictions
from .reader import ANNOTATION_FIELDS, read_file, require_frames
from .records import MAX_FRAMES, MAX_PEOPLE, image_number, image_record, person_record
from .sizes import image_size, with_frame_sizes
from .videos import load_videos, read_frames, read_merged, read_video

__all__ = [
    "ANNOTATION_FIELDS",
    "MAX_FRAMES",
    "MAX_PEOPLE",
    "FileContent",
    "FileFrame",
    "FrameAnnotation",
    "PersonAnnotation",
    "PredictedFrame",
    "VideoAnnotation",
    "annotated_frames",
    "frame_poses",
    "image_number",
    "image_record",
    "image_size",
    "joint_boxes",
    "load_videos",
    "person_record",
    "prediction_path",
    "read_file",
    "read_frames",
    "read_merged",
    "read_video",
    "require_frames",
    "with_frame_sizes",
    "write_video_predictions",
]
