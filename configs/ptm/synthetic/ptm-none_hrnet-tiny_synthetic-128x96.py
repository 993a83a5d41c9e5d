# The baseline: stage 2 without a memory, with the same clips, epochs and frozen parts.
_base_ = "./ptm-stage1_hrnet-tiny_synthetic-128x96.py"

model = dict(estimator=dict(type="TemporalPoseEstimator"))
custom_hooks = [
    dict(
        type="LoadEstimatorHook",
        checkpoint="work_dirs/ptm-stage1_hrnet-tiny_synthetic-128x96/epoch_14.pth",
    ),
]
train_dataloader = dict(
    batch_size=4,
    collate_fn=dict(type="collate_clips"),
    dataset=dict(
        _delete_=True,
        type="PersonClipDataset",
        draw=dict(type="OrderedDraw", num_frames=9, max_step=2, drop_prob=0.1),
        data_root="data/synthetic_occluded/",
        ann_file="annotations/train",
        pipeline=_base_.ptm_tiny_clip_pipeline,
    ),
)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
train_cfg = dict(max_epochs=4, val_interval=4)
param_scheduler = [
    dict(type="LinearLR", begin=0, end=30, start_factor=0.01, by_epoch=False),
    dict(type="CosineAnnealingLR", T_max=4, by_epoch=True, convert_to_iter_based=True),
]
