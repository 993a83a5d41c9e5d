# Trains and tests on two CPU cores. The data:
#     for split in train val; do python tools/dataset_converters/make_synthetic_posetrack.py \
#         data/synthetic_posetrack --split $split; done
_base_ = [
    "mmpose::_base_/default_runtime.py",
    "../../_base_/models/td-hm_hrnet-tiny_128x96.py",
    "../../_base_/models/oks_tracker.py",
    "../../_base_/datasets/synthetic_videos.py",
    "../../_base_/schedules/adam_from_scratch.py",
    "../../_base_/default_runtime.py",
]

model = dict(estimator=_base_.estimator, **_base_.tracker)

randomness = dict(seed=0)
train_cfg = dict(max_epochs=14, val_interval=7)
param_scheduler = [
    dict(type="LinearLR", begin=0, end=30, start_factor=0.01, by_epoch=False),
    dict(type="CosineAnnealingLR", T_max=14, by_epoch=True, convert_to_iter_based=True),
]
train_dataloader = dict(
    batch_size=16,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type="DefaultSampler", shuffle=True),
    dataset=dict(pipeline=_base_.train_pipeline, **_base_.person_dataset),
)

val_dataloader = _base_.video_dataloader
test_dataloader = val_dataloader
val_evaluator = _base_.video_evaluator
test_evaluator = val_evaluator

default_hooks = dict(_delete_=True, **_base_.tracking_hooks)
visualizer = dict(_delete_=True, **_base_.tracking_visualizer)
