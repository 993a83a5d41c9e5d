# CorrTrack's estimator from COCO's weights (configs/corrtrack/coco), by mmpose's schedule for
# PoseTrack17, with OKS tracking.
_base_ = [
    "mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_res50_8xb64-210e_coco-384x288.py",
    "../../_base_/default_runtime.py",
    "../../_base_/models/offset_heatmap.py",
    "../../_base_/models/oks_tracker.py",
    "../../_base_/datasets/posetrack17_videos.py",
    "../../_base_/schedules/posetrack_20e.py",
]

codec = _base_.offset_codec
estimator = _base_.model
estimator.merge(_base_.inception_estimator)
model = dict(_delete_=True, estimator=estimator, **_base_.tracker)
load_from = "work_dirs/td-hm_2xbn-inception_8xb64-210e_coco-384x288/epoch_210.pth"

train_dataloader = dict(
    dataset=dict(_delete_=True, pipeline=_base_.offset_pipeline, **_base_.posetrack17_people)
)
val_dataloader = dict(
    _delete_=True, dataset=_base_.posetrack17_videos, **_base_.tracking_dataloader
)
test_dataloader = val_dataloader
val_evaluator = _base_.tracking_evaluator
test_evaluator = val_evaluator

train_cfg = _base_.posetrack_train_cfg
param_scheduler = _base_.posetrack_param_scheduler
default_hooks = dict(_delete_=True, **_base_.tracking_hooks)
visualizer = dict(_delete_=True, **_base_.tracking_visualizer)
