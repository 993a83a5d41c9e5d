"""Tracked poses in other formats, and back if the format holds them.

PoseTrack18's own layout is written by
:func:`mmpose_temporal.evaluation.write_video_predictions` and read by :func:`read_posetrack`.
"""

from .coco import COCO_LOSES, coco_results, write_coco_results
from .export import FORMATS, export_tracks
from .mot import MOT_LOSES, read_mot, write_mot
from .skeletons import (
    NPZ_LOSES,
    load_skeletons,
    read_skeletons,
    skeleton_arrays,
    write_skeletons,
)
from .table import CSV_LOSES, write_csv
from .tracks import VideoTracks, read_posetrack

__all__ = [
    "COCO_LOSES",
    "CSV_LOSES",
    "FORMATS",
    "MOT_LOSES",
    "NPZ_LOSES",
    "VideoTracks",
    "coco_results",
    "export_tracks",
    "load_skeletons",
    "read_mot",
    "read_posetrack",
    "read_skeletons",
    "skeleton_arrays",
    "write_coco_results",
    "write_csv",
    "write_mot",
    "write_skeletons",
]
