_base_ = [
    "mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_res50_8xb64-210e_coco-384x288.py",
    "../../_base_/default_runtime.py",
    "../../_base_/models/oks_tracker.py",
    "../../_base_/datasets/posetrack18_videos.py",
    "../../_base_/schedules/posetrack_20e.py",
]

model = dict(_delete_=True, estimator=_base_.model, **_base_.tracker)
load_from = (
    "https://download.openmmlab.com/mmpose/v1/body_2d_keypoint/topdown_heatmap/coco/"
    "td-hm_res50_8xb64-210e_coco-384x288-7b8db90e_20220923.pth"
)

train_cfg = _base_.posetrack_train_cfg
param_scheduler = _base_.posetrack_param_scheduler
train_dataloader = dict(
    dataset=dict(_delete_=True, pipeline=_base_.train_pipeline, **_base_.posetrack18_people)
)
val_dataloader = dict(
    _delete_=True, dataset=_base_.posetrack18_videos, **_base_.tracking_dataloader
)
test_dataloader = val_dataloader
val_evaluator = _base_.tracking_evaluator
test_evaluator = val_evaluator

default_hooks = dict(_delete_=True, **_base_.tracking_hooks)
visualizer = dict(_delete_=True, **_base_.tracking_visualizer)
