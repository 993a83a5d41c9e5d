# Trains the matcher that the package ships, 8 x 1,000 steps of 256 pairs on one CPU core:
#     python tools/train.py <this file> --cfg-options train_dataloader.dataset.data_root=X \
#         val_dataloader.dataset.data_root=X test_dataloader.dataset.data_root=X
_base_ = [
    "../../_base_/models/track_entailment.py",
    "../../_base_/datasets/multiperson_posetrack_pairs.py",
    "../../_base_/pose_runtime.py",
]

randomness = dict(seed=0)
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

train_dataloader = dict(
    _delete_=True,
    batch_size=4,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type="DefaultSampler", shuffle=True),
    collate_fn=dict(type="default_collate"),
    dataset=dict(
        type="TrackletDataset",
        data_root="data/multiperson_posetrack/",
        ann_file="annotations/train",
        num_items=4000,
        num_pairs=64,
        history=6,
        max_age=12,
        blind_share=0.3,
    ),
)
# Nothing counts match accuracy here.
val_evaluator = dict(_delete_=True, type="PoseTrackMetric", joints="annotated")
test_evaluator = val_evaluator
