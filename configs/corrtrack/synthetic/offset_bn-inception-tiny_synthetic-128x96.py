# A small estimator of CorrTrack's kind. Trains and tests on two CPU cores. The data:
#     for split in train val; do python tools/dataset_converters/make_synthetic_posetrack.py \
#         data/synthetic_posetrack --split $split; done
_base_ = [
    "mmpose::_base_/default_runtime.py",
    "../../_base_/default_runtime.py",
    "../../_base_/models/offset_heatmap_tiny.py",
    "../../_base_/models/oks_tracker.py",
    "../../_base_/datasets/synthetic_videos.py",
    "../../_base_/schedules/small_14e.py",
]

# mmpose's inferencers choose by these how to run it, and a detector.
data_mode = "topdown"
dataset_type = "PoseTrack18Dataset"

codec = _base_.offset_tiny_codec
model = dict(estimator=_base_.inception_tiny_estimator, **_base_.tracker)

randomness = dict(seed=0)
train_cfg = _base_.small_train_cfg
optim_wrapper = _base_.small_optim_wrapper
param_scheduler = _base_.small_param_scheduler
auto_scale_lr = dict(base_batch_size=32)
train_dataloader = dict(
    batch_size=16,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type="DefaultSampler", shuffle=True),
    dataset=dict(pipeline=_base_.offset_tiny_pipeline, **_base_.synthetic_people),
)

val_dataloader = dict(_base_.tracking_dataloader, dataset=_base_.synthetic_videos, num_workers=1)
test_dataloader = val_dataloader
val_evaluator = _base_.synthetic_evaluator
test_evaluator = val_evaluator

default_hooks = dict(_delete_=True, **_base_.tracking_hooks)
visualizer = dict(_delete_=True, **_base_.tracking_visualizer)
