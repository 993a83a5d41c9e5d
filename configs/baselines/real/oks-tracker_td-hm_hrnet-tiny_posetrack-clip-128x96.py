# One real clip, on two CPU cores: it shows that the whole way runs on real frames. Most frames of
# the test are also trained on, so its figures say nothing about other videos.
#
# With the data at another place than data/multiperson_posetrack, X:
#     python tools/train.py <this file> --cfg-options train_dataloader.dataset.data_root=X \
#         val_dataloader.dataset.data_root=X test_dataloader.dataset.data_root=X
_base_ = [
    "mmpose::_base_/default_runtime.py",
    "../../_base_/default_runtime.py",
    "../../_base_/models/td-hm_hrnet-tiny_128x96.py",
    "../../_base_/models/oks_tracker.py",
    "../../_base_/datasets/multiperson_posetrack.py",
    "../../_base_/schedules/small_14e.py",
]

# mmpose's inferencers choose by these how to run it, and a detector.
data_mode = "topdown"
dataset_type = "PoseTrack18Dataset"

model = dict(estimator=_base_.estimator, **_base_.tracker)

randomness = dict(seed=0)
train_cfg = dict(max_epochs=60, val_interval=20)  # 8 iterations per epoch
optim_wrapper = _base_.small_optim_wrapper
param_scheduler = [
    dict(type="LinearLR", begin=0, end=30, start_factor=0.01, by_epoch=False),
    dict(type="CosineAnnealingLR", T_max=60, by_epoch=True, convert_to_iter_based=True),
]
auto_scale_lr = dict(base_batch_size=32)
train_dataloader = dict(
    batch_size=16,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type="DefaultSampler", shuffle=True),
    dataset=dict(pipeline=_base_.train_pipeline, **_base_.clip_people),
)

val_dataloader = dict(_base_.tracking_dataloader, dataset=_base_.clip_videos)
test_dataloader = val_dataloader
val_evaluator = _base_.clip_evaluator
test_evaluator = val_evaluator

default_hooks = dict(_delete_=True, **_base_.tracking_hooks)
visualizer = dict(_delete_=True, **_base_.tracking_visualizer)
