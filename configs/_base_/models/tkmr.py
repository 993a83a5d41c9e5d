# The parts of TKMR (Zhou et al., ECCV 2020), which the configs of configs/tkmr put in place. M and
# S are its paper and supplement.

# ----------------------------------------------------------------- stage 1, the single-frame model
# Targets exp(-d^2 / 3^2) (M Eq. 2): mmpose's sigma is 3 / sqrt(2), and its rounded Gaussians
# (unbiased=False) lie one cell off for a sigma with a fraction such as this one. unbiased=True
# also decodes by DARK, below the size of a cell (choice: the paper says arg max).
tkmr_codec = dict(
    type="MSRAHeatmap", input_size=(288, 384), heatmap_size=(72, 96), sigma=2.1213, unbiased=True
)
tkmr_stage1_estimator = dict(head=dict(decoder=tkmr_codec, loss=dict(type="KeypointSSELoss")))
tkmr_stage1_pipeline = [
    dict(type="LoadImage"),
    dict(type="GetBBoxCenterScale"),
    dict(type="RandomFlip", direction="horizontal"),
    dict(type="RandomHalfBody"),
    dict(type="RandomBBoxTransform"),
    dict(type="TopdownAffine", input_size=tkmr_codec["input_size"]),
    dict(type="GenerateTarget", encoder=tkmr_codec),
    dict(type="PackPoseInputs"),
]

# --------------------------------------------------------------- stage 2, matching and refinement
# Choice: milder than stage 1, without half bodies and flips. Features are compared between frames,
# and the boxes of one person differ between frames by what a detector does.
tkmr_clip_pipeline = [
    dict(type="GetBBoxCenterScale"),
    dict(type="RandomBBoxTransform", rotate_factor=30, scale_factor=(0.8, 1.25)),
    dict(type="TopdownAffine", input_size=tkmr_codec["input_size"]),
    dict(type="GenerateTarget", encoder=tkmr_codec),
    dict(type="LocateKeypoints", encoder=tkmr_codec),
    dict(type="PackPoseInputs"),
]
# tau = 5: windows of 11 frames (M 4.2). A clip: a person, twice the same id, three other ids.
tkmr_clips = dict(
    type="PersonClipDataset", draw=dict(type="WindowDraw", tau=5, num_same=2, num_other=3)
)
tkmr_clip_dataloader = dict(batch_size=8, collate_fn=dict(type="collate_clips"))
tkmr_clip_dataset = dict(ann_file="annotations/train", pipeline=tkmr_clip_pipeline, **tkmr_clips)
tkmr_stage2_estimator = dict(
    tkmr_stage1_estimator,
    type="TemporalPoseEstimator",
    frozen=("backbone", "head"),
    temporal_loss=dict(type="TemporalKeypointLoss", num_candidates=16, negatives=4),
    describers=[dict(type="KeypointDescriber", num_candidates=16)],
)
tkmr_refinement = dict(type="TemporalRefinement", tau=5, num_candidates=16)

# From stride 32 to 4 (ResNet) three deconvolutions; on HRNet's stride 4 none (S Table 2).
tkmr_resnet_modules = dict(in_channels=2048, upsample=(2, 2, 2))
tkmr_hrnet_w48_modules = dict(in_channels=48, upsample=(1, 1, 1))

# ------------------------------------------------------------------------------------- tracking
# Frame t is matched with t - 1 only, so a track ends if its person is missed (M 3.2). Pairs
# need an IoU of 0.1 (M Eq. 5; for TBM too: choice). The paper has no lowest similarity: choice, a
# tenth of the highest for each kind, which is 17 for TKM. Nor does it ask for joints in common, in
# matching or in suppression (min_shared, missing_joints, min_covered).
tkmr_iou_association = dict(
    type="Association",
    similarity=dict(type="IoUSimilarity"),
    min_similarity=0.1,
    min_shared=0,
    life=dict(max_age=1),
)
tkmr_oks_association = dict(
    type="Association",
    similarity=dict(type="OKSSimilarity", missing_joints="ignore"),
    min_similarity=0.1,
    min_shared=0,
    life=dict(max_age=1),
)
tkmr_tbm_association = dict(
    type="Association",
    similarity=dict(type="BodyMatchingSimilarity"),
    gates=[dict(type="IoUGate", min_iou=0.1)],
    min_similarity=0.1,
    min_shared=0,
    life=dict(max_age=1),
)
tkmr_tkm_association = dict(
    type="Association",
    similarity=dict(type="KeypointMatchingSimilarity"),
    gates=[dict(type="IoUGate", min_iou=0.1)],
    min_similarity=1.7,
    min_shared=0,
    life=dict(max_age=1),
)
tkmr_cnms = [dict(type="BoxNMS", iou_thr=0.5)]
# Distance of two keypoints that are one: choice, a share of the larger box's diagonal.
tkmr_pnms = [dict(type="PoseNMS", distance=0.05, min_share=0.5, min_covered=0)]

# Detections under 0.4 are ignored, as in mmpose's PoseTrack18 configs.
tkmr_tracker = dict(
    type="PoseTracker",
    backbone=dict(),  # mmpose's init_model looks for it; settings replace the estimator's
    box_score_thr=0.4,
    suppression=tkmr_pnms,
    association=tkmr_iou_association,
)
