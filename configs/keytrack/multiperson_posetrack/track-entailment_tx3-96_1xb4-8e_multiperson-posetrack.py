# Trains the matcher that the package ships, 8 x 1,000 steps of 256 pairs on one CPU core:
#     python tools/train.py <this file> --cfg-options train_dataloader.dataset.data_root=X \
#         val_dataloader.dataset.data_root=X test_dataloader.dataset.data_root=X
_base_ = [
    "../../_base_/pose_runtime.py",
    "../../_base_/models/track_entailment.py",
    "../../_base_/datasets/pose_pairs.py",
    "../../_base_/datasets/multiperson_posetrack.py",
]

model = dict(
    type="PoseOnlyTracker",
    backbone=dict(),  # none: mmpose's init_model, which looks for it, gets told what to use
    min_length=3,
    association=_base_.track_entailment_association,
)

train_dataloader = dict(
    batch_size=4,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type="DefaultSampler", shuffle=True),
    collate_fn=dict(type="default_collate"),
    dataset=dict(
        type="TrackletDataset",
        ann_file="annotations/train",
        num_items=4000,
        num_pairs=64,
        history=6,
        max_age=12,
        blind_share=0.3,
        **_base_.multiperson_poses,
    ),
)
val_dataloader = dict(
    dataset=dict(**_base_.pose_dataset, **_base_.multiperson_poses), **_base_.pose_dataloader
)
test_dataloader = val_dataloader
val_evaluator = _base_.multiperson_evaluator[:1]  # nothing counts matches here
test_evaluator = val_evaluator

train_cfg = dict(by_epoch=True, max_epochs=8, val_interval=8)
optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="AdamW", lr=1.5e-3, weight_decay=0.01),
    clip_grad=dict(max_norm=1.0),
)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.04, begin=0, end=250, by_epoch=False),
    dict(type="CosineAnnealingLR", begin=250, end=8000, T_max=7750, by_epoch=False),
]
