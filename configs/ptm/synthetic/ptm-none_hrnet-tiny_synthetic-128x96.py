# The baseline: stage 2 without a memory, with the same clips, epochs and frozen parts.
_base_ = "./ptm-stage1_hrnet-tiny_synthetic-128x96.py"

model = dict(estimator=dict(type="TemporalPoseEstimator", frozen=("backbone",)))
custom_hooks = [
    dict(
        type="LoadEstimatorHook",
        checkpoint="work_dirs/ptm-stage1_hrnet-tiny_synthetic-128x96/epoch_14.pth",
    ),
]
# Clips that begin in every fourth frame, since neighbouring ones are nearly the same.
train_dataloader = dict(
    batch_size=4,
    collate_fn=dict(type="collate_clips"),
    dataset=dict(
        _delete_=True,
        type="PersonClipDataset",
        draw=dict(type="OrderedDraw", num_frames=9, max_step=2, drop_prob=0.1, anchor_step=4),
        data_root="data/synthetic_occluded/",
        ann_file="annotations/train",
        pipeline=_base_.ptm_tiny_clip_pipeline,
    ),
)
optim_wrapper = dict(optimizer=dict(lr=3e-3))
train_cfg = dict(max_epochs=2, val_interval=2)
param_scheduler = [
    dict(type="LinearLR", begin=0, end=30, start_factor=0.01, by_epoch=False),
    dict(type="CosineAnnealingLR", T_max=2, by_epoch=True, convert_to_iter_based=True),
]
