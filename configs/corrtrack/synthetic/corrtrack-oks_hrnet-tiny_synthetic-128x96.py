# The small pose estimator of all rows of CorrTrack, tracked as configs/baselines/oks-tracker.py
# does: no correspondences.
_base_ = [
    "mmpose::_base_/default_runtime.py",
    "../../_base_/default_runtime.py",
    "../../_base_/models/td-hm_hrnet-tiny_128x96.py",
    "../../_base_/models/oks_tracker.py",
    "../../_base_/models/corrtrack.py",
    "../../_base_/models/corrtrack_tiny.py",
    "../../_base_/datasets/synthetic_videos.py",
    "../../_base_/schedules/small_14e.py",
]

# mmpose's inferencers choose by these how to run it, and a detector.
data_mode = "topdown"
dataset_type = "PoseTrack18Dataset"

model = dict(estimator=_base_.estimator, **_base_.tracker)

randomness = dict(seed=0)
train_cfg = _base_.small_train_cfg
optim_wrapper = _base_.small_optim_wrapper
param_scheduler = _base_.small_param_scheduler
auto_scale_lr = dict(base_batch_size=32)

data_root = "data/synthetic_missed/"
train_dataloader = dict(
    batch_size=16,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type="DefaultSampler", shuffle=True),
    dataset=dict(_base_.synthetic_people, data_root=data_root, pipeline=_base_.train_pipeline),
)
val_dataloader = dict(
    _base_.tracking_dataloader,
    num_workers=1,
    dataset=dict(
        _base_.synthetic_videos,
        data_root=data_root,
        box_source="file",
        bbox_file="annotations/val_detections.json",
    ),
)
test_dataloader = val_dataloader
val_evaluator = _base_.synthetic_evaluator
test_evaluator = val_evaluator

default_hooks = dict(_delete_=True, **_base_.tracking_hooks)
visualizer = dict(_delete_=True, **_base_.tracking_visualizer)
