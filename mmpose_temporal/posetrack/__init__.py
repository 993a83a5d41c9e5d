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
from .clock import check_fps, common_step, frame_clocks
from .content import FileContent, FileFrame
from .file_videos import SeveralVideosError, file_videos, one_video
from .frame_order import FRAME_ORDERS, FrameOrderError, check_frame_order
from .predictions import (
    PredictedFrame,
    prediction_path,
    prediction_paths,
    write_video_predictions,
)
from .reader import ANNOTATION_FIELDS, read_file, require_frames
from .records import MAX_FRAMES, MAX_PEOPLE, image_number, image_record, person_record
from .sizes import image_size, with_frame_sizes
from .videos import (
    each_video,
    input_files,
    load_videos,
    read_frames,
    read_merged,
    read_video,
    video_files,
)

__all__ = [
    "ANNOTATION_FIELDS",
    "FRAME_ORDERS",
    "MAX_FRAMES",
    "MAX_PEOPLE",
    "FileContent",
    "FileFrame",
    "FrameAnnotation",
    "FrameOrderError",
    "PersonAnnotation",
    "PredictedFrame",
    "SeveralVideosError",
    "VideoAnnotation",
    "annotated_frames",
    "check_fps",
    "check_frame_order",
    "common_step",
    "each_video",
    "file_videos",
    "frame_clocks",
    "frame_poses",
    "image_number",
    "image_record",
    "image_size",
    "input_files",
    "joint_boxes",
    "load_videos",
    "one_video",
    "person_record",
    "prediction_path",
    "prediction_paths",
    "read_file",
    "read_frames",
    "read_merged",
    "read_video",
    "require_frames",
    "video_files",
    "with_frame_sizes",
    "write_video_predictions",
]
