# The small CPN with a memory of 16 entries on the coarsest map of its pyramid, 4 x 3 cells (h x w)
# of stride 32. It starts from the small CPN; the thresholds of writing are found by
#     python tools/analysis_tools/memory_thresholds.py \
#         configs/ptm/synthetic/ptm-16_cpn-tiny_synthetic-128x96.py CHECKPOINT
# Nobody has measured it.
_base_ = "./ptm-baseline_cpn-tiny_synthetic-128x96.py"

model = dict(
    estimator=dict(
        type="TemporalPoseEstimator",
        frozen=("backbone",),
        neck=dict(
            memory=dict(type="PoseTemporalMemory", in_channels=32, embed_channels=32, num_heads=4)
        ),
        describers=[dict(type="MemoryDescriber")],
    ),
    memory=dict(type="PersonMemory"),
)
custom_hooks = [
    dict(
        type="LoadEstimatorHook",
        checkpoint="work_dirs/ptm-baseline_cpn-tiny_synthetic-128x96/epoch_14.pth",
    ),
]
train_dataloader = dict(
    batch_size=4,
    collate_fn=dict(type="collate_clips"),
    dataset=dict(
        _delete_=True,
        type="PersonClipDataset",
        draw=dict(type="OrderedDraw", num_frames=17, max_step=2, drop_prob=0.1, anchor_step=4),
        data_root=_base_.synthetic_people.data_root,
        ann_file=_base_.synthetic_people.ann_file,
        pipeline=_base_.cpn_tiny_clip_pipeline,
    ),
)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
train_cfg = dict(max_epochs=2, val_interval=2)
param_scheduler = [
    dict(type="LinearLR", begin=0, end=30, start_factor=0.01, by_epoch=False),
    dict(type="CosineAnnealingLR", T_max=2, by_epoch=True, convert_to_iter_based=True),
]
