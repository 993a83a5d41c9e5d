# The parts of CorrTrack (Rafi et al., Self-supervised Keypoint Correspondences for Multi-Person
# Pose Estimation and Tracking in Videos), which the configs of configs/corrtrack put in place.

# ------------------------------------------------------------------- correspondence networks
# Weights of ImageNet for a GoogLeNet expect images in [-1, 1].
corr_preprocessor = dict(mean=[127.5] * 3, std=[127.5] * 3, bgr_to_rgb=True)
# 17.8 M parameters, 32 channels at stride 4.
corr_embedding = dict(
    type="CorrespondenceNetwork",
    data_preprocessor=corr_preprocessor,
    backbone=dict(
        type="BNInception",
        init_cfg=dict(type="Pretrained", checkpoint="torchvision://googlenet"),
    ),
    neck=dict(type="InceptionDecoder", in_channels=(608, 1024), out_channels=32),
)
# 16.1 M parameters of its own.
corr_refinement = dict(
    type="CorrespondenceRefinement",
    body=dict(type="InceptionBody"),
    decoder=dict(type="InceptionDecoder", in_channels=(608, 1024)),
    embedding_channels=32,
)
corr_network = dict(corr_embedding, refinement=corr_refinement)
# HRNet-W32 (choice, not in the paper): 32 channels at stride 4 as they are.
corr_hrnet_embedding = dict(
    type="CorrespondenceNetwork",
    data_preprocessor=dict(
        mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], bgr_to_rgb=True
    ),
    backbone=dict(
        type="HRNet",
        extra=dict(
            stage1=dict(
                num_modules=1,
                num_branches=1,
                block="BOTTLENECK",
                num_blocks=(4,),
                num_channels=(64,),
            ),
            stage2=dict(
                num_modules=1,
                num_branches=2,
                block="BASIC",
                num_blocks=(4, 4),
                num_channels=(32, 64),
            ),
            stage3=dict(
                num_modules=4,
                num_branches=3,
                block="BASIC",
                num_blocks=(4, 4, 4),
                num_channels=(32, 64, 128),
            ),
            stage4=dict(
                num_modules=3,
                num_branches=4,
                block="BASIC",
                num_blocks=(4, 4, 4, 4),
                num_channels=(32, 64, 128, 256),
            ),
        ),
        init_cfg=dict(
            type="Pretrained",
            checkpoint="https://download.openmmlab.com/mmpose/"
            "pretrain_models/hrnet_w32-36af842e.pth",
        ),
    ),
)
corr_hrnet_network = dict(corr_hrnet_embedding, refinement=corr_refinement)

# The frame encoder of a tracker, with the weights of phase 2 (configs/corrtrack/coco).
corr_encoder = dict(
    type="CorrespondenceEncoder",
    long_side=512,
    network=dict(
        corr_network,
        checkpoint="work_dirs/corr-refinement_bn-inception_8xb8-10e_coco-256x256/epoch_10.pth",
    ),
)
corr_hrnet_encoder = dict(
    type="CorrespondenceEncoder",
    long_side=512,
    network=dict(
        corr_hrnet_network,
        checkpoint="work_dirs/corr-refinement_hrnet-w32_8xb8-10e_coco-256x256/epoch_10.pth",
    ),
)

# -------------------------------------------------------------------------------- tracking
corr_duplicates = dict(type="DuplicateRemoval", min_share=0.3)
# tau_corr = 0.3; a track that is not continued ends (break_tracks of the authors' code).
corr_association = dict(
    type="Association",
    similarity=dict(type="CorrespondenceSimilarity", corr_thr=0.3),
    assignment=dict(type="GreedyAssignment"),
    min_similarity=0.2,
    min_shared=0,
    life=dict(max_age=1),
    births=[corr_duplicates],
)
# The paper sets no limit to how long a person is recovered without a detection.
corr_recovery = dict(type="CorrespondencePropagation", max_propagated=100000)
# Tracks that are too short to be reported are not merged either (choice).
corr_merging = dict(type="CorrespondenceMerging", min_poses=3)
# Pose NMS, tracks of at least three poses, joints from 0.3 on: the authors' settings.
corr_tracker = dict(
    type="PoseTracker",
    backbone=dict(),  # mmpose's init_model looks for it; settings replace the estimator's
    propagation=corr_recovery,
    suppression=[dict(type="OKSNMS", oks_thr=0.7, min_covered=0)],
    association=corr_association,
    merging=corr_merging,
    min_length=3,
    output_keypoint_thr=0.3,
)
