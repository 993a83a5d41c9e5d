# Pairs of poses for training a similarity, and whole videos of annotated poses for testing it; no
# image is opened. `<data>_poses` of another base states the data:
#     train_dataloader = dict(
#         dataset=dict(**_base_.pair_dataset, **_base_.posetrack18_poses), **_base_.pair_dataloader
#     )
#     val_dataloader = dict(
#         dataset=dict(**_base_.pose_dataset, **_base_.posetrack18_poses), **_base_.pose_dataloader
#     )
#
# Augmentation is a choice: the paper of pose entailment does not mention any. Each line can go,
# and others can be added (PosePairFalseJoints, PosePairScoreNoise). Another frame rate:
#     --cfg-options train_dataloader.dataset.strides="(1,2)"
pair_pipeline = [
    dict(type="PosePairReverse", prob=0.5),
    dict(type="PosePairFlip", prob=0.5),
    dict(type="PosePairShift", shift=0.5, scale=(0.75, 1.33)),
    dict(type="PosePairJitter", std=0.01, outlier_share=0.05, outlier_std=0.1),
    dict(type="PosePairDrop", share=0.1),
    dict(type="PackPosePairs"),
]
pair_dataset = dict(
    type="PosePairDataset",
    ann_file="annotations/train",
    delta=4,
    # choice: of the other people in the earlier frame as many as the tracker compares with
    negatives="near",
    nearest=5,
    pipeline=pair_pipeline,
)
pair_dataloader = dict(
    batch_size=32,
    num_workers=1,
    persistent_workers=True,
    # an epoch has twice as many pairs as there are matching ones; half of them match
    sampler=dict(type="BalancedPairSampler"),
    collate_fn=dict(type="default_collate"),
)

# The annotated poses. Those of an estimator, in a folder F of PoseTrack18 files below data_root:
#     --cfg-options test_dataloader.dataset.poses=F
# For match accuracy they get the ids of the annotated people that they match.
pose_dataset = dict(
    type="PoseTrackPoseDataset",
    ann_file="annotations/val",
    pipeline=[dict(type="MatchKnownIds"), dict(type="PackFramePoses")],
)
pose_dataloader = dict(
    batch_size=8, num_workers=0, drop_last=False, sampler=dict(type="VideoSampler")
)
pose_evaluator = [dict(type="PoseTrackMetric"), dict(type="MatchAccuracyMetric")]
