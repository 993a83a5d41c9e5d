"""Data sets, samplers and transforms; importing this registers them in mmpose."""

from mmpose_temporal.posetrack import (
    FrameAnnotation,
    PersonAnnotation,
    VideoAnnotation,
    frame_poses,
    load_videos,
    read_merged,
    read_video,
    with_frame_sizes,
)

from .clip_draws import ClipDraw, OrderedDraw, WindowDraw
from .detections import read_detections
from .frame_sample import frame_sample
from .person_clip_dataset import PersonClipDataset, collate_clips
from .pose_pair_dataset import PosePairDataset
from .pose_pairs import PairTable, PoseTable, find_pairs
from .posetrack_base import PoseTrackBase
from .posetrack_person_dataset import PoseTrackPersonDataset
from .posetrack_pose_dataset import PoseTrackPoseDataset
from .posetrack_video_dataset import PoseTrackVideoDataset
from .samplers import BalancedPairSampler, VideoSampler
from .still_pair_dataset import StillPairDataset
from .tracklet_dataset import TrackletDataset
from .transforms import (
    BlurStills,
    CheckFrameSize,
    DrawStillQueries,
    JitterStillColors,
    LoadPairCrops,
    LoadVideoFrame,
    LocateKeypoints,
    MatchKnownIds,
    MoveStillPeople,
    NoiseStills,
    OccludeStills,
    PackFrameInputs,
    PackFramePoses,
    PackPosePairs,
    PackStillPair,
    PosePairDrop,
    PosePairFalseJoints,
    PosePairFlip,
    PosePairJitter,
    PosePairReverse,
    PosePairScoreNoise,
    PosePairShift,
    StillViews,
)

__all__ = [
    "BalancedPairSampler",
    "BlurStills",
    "CheckFrameSize",
    "ClipDraw",
    "DrawStillQueries",
    "FrameAnnotation",
    "JitterStillColors",
    "LoadPairCrops",
    "LoadVideoFrame",
    "LocateKeypoints",
    "MatchKnownIds",
    "MoveStillPeople",
    "NoiseStills",
    "OccludeStills",
    "OrderedDraw",
    "PackFrameInputs",
    "PackFramePoses",
    "PackPosePairs",
    "PackStillPair",
    "PairTable",
    "PersonAnnotation",
    "PersonClipDataset",
    "PosePairDataset",
    "PosePairDrop",
    "PosePairFalseJoints",
    "PosePairFlip",
    "PosePairJitter",
    "PosePairReverse",
    "PosePairScoreNoise",
    "PosePairShift",
    "PoseTable",
    "PoseTrackBase",
    "PoseTrackPersonDataset",
    "PoseTrackPoseDataset",
    "PoseTrackVideoDataset",
    "StillPairDataset",
    "StillViews",
    "TrackletDataset",
    "VideoAnnotation",
    "VideoSampler",
    "WindowDraw",
    "collate_clips",
    "find_pairs",
    "frame_poses",
    "frame_sample",
    "load_videos",
    "read_detections",
    "read_merged",
    "read_video",
    "with_frame_sizes",
]
