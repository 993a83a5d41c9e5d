# The parts of PTM (Wang et al., Fine-Grained Pose Temporal Memory Module for Video Pose Estimation
# and Tracking), which the configs of configs/ptm put in place. What the paper leaves open is
# marked as a choice, here and in the docstrings of the parts.

# ------------------------------------------------------------------------------- the memory
# 16 entries (section 3.3); CoDA where a video has more than 8 people per frame, vanilla attention
# elsewhere (section 3.2). Choices: 8 heads, and 256 channels of keys and queries; thresholds of
# writing are the neck's own, tools/analysis_tools/memory_thresholds.py finds them on data.
ptm_neck = dict(
    type="PoseTemporalMemory", capacity=16, attention="auto", embed_channels=256, num_heads=8
)
# Where it is, for crops of 384x288: maps of 12 x 9 (section 3.3). CPN has it on the coarsest map
# of its pyramid: neck=dict(memory=_base_.ptm_cpn_neck). The default thresholds are for a blur
# after which a perfect peak has 1.0: 17 cells at a sigma of 3, where mmpose's configs have 11;
# CPN's codec has the one that belongs to its sigma.
ptm_resnet_neck = dict(ptm_neck, in_channels=2048, blur_kernel=17)
ptm_cpn_neck = dict(ptm_neck, in_channels=256)
# HRNet (choice, not in the paper): 96 x 72 cells are read and written as 12 x 9, and keys have as
# many channels as the map, since there is no more in them.
ptm_hrnet_w32_neck = dict(
    ptm_neck, in_channels=32, embed_channels=32, read_stride=8, blur_kernel=17
)
ptm_hrnet_w48_neck = dict(
    ptm_neck, in_channels=48, embed_channels=48, read_stride=8, blur_kernel=17
)

# Choice: the backbone stays as it is, so that clips of 17 crops fit into a GPU; the memory and all
# that comes after it learn. The loss is that of the single-frame network.
ptm_estimator = dict(
    type="TemporalPoseEstimator",
    frozen=("backbone",),
    describers=[dict(type="MemoryDescriber")],
)

# By the boxes of the previous frame alone, as in the paper (section 2.2). Choice: stored in half
# precision. With flip test an entry at (12, 9, 2048) is 2 x 108 x (2048 + 256) numbers, 1 MB: 16
# entries of 30 people are 0.48 GB.
ptm_memory = dict(type="PersonMemory", follow="boxes", max_age=1, dtype="float16")

# ------------------------------------------------------------------------------ clips (choice)
# A person in 17 frames, as many as make 16 entries and one that reads them all; with gaps, as
# people are missed and videos have other frame rates. All capacities learn from the same clips.
ptm_clips = dict(
    type="PersonClipDataset",
    draw=dict(type="OrderedDraw", num_frames=17, max_step=2, drop_prob=0.1),
)
# Milder than for single frames, without half bodies: the boxes of one person differ between frames
# by what a detector does. The whole clip is mirrored or not, which is the data set's.
ptm_clip_crops = [
    dict(type="GetBBoxCenterScale"),
    dict(type="RandomBBoxTransform", rotate_factor=30, scale_factor=(0.8, 1.25)),
]
# Heatmaps of mmpose's configs; another network: the crops, and these three steps with its codec.
ptm_codec = dict(type="MSRAHeatmap", input_size=(288, 384), heatmap_size=(72, 96), sigma=3)
ptm_clip_pipeline = [
    *ptm_clip_crops,
    dict(type="TopdownAffine", input_size=ptm_codec["input_size"]),
    dict(type="GenerateTarget", encoder=ptm_codec),
    dict(type="PackPoseInputs"),
]
ptm_clip_dataset = dict(ann_file="annotations/train", pipeline=ptm_clip_pipeline, **ptm_clips)
ptm_clip_dataloader = dict(batch_size=4, num_workers=4, collate_fn=dict(type="collate_clips"))

# ---------------------------------------------------------------------------------- tracking
# LightTrack, whose tracking the paper has, compares boxes and then a graph of keypoints with a
# network of its own. Choice: published OKS of consecutive frames, which needs no training; what
# the memory changes are the poses.
ptm_association = dict(
    type="Association",
    similarity=dict(type="OKSSimilarity", missing_joints="ignore"),
    min_similarity=0.1,
    min_shared=0,
    life=dict(max_age=3),
)
# Detections under 0.4 are ignored, and of two poses with an OKS over 0.9 the better one stays, as
# in mmpose's PoseTrack18 configs.
ptm_tracker = dict(
    type="PoseTracker",
    backbone=dict(),  # mmpose's init_model looks for it; settings replace the estimator's
    box_score_thr=0.4,
    suppression=[dict(type="OKSNMS", oks_thr=0.9)],
    association=ptm_association,
)
