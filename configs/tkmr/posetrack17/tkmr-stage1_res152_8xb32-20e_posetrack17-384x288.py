# Stage 1: the single-frame model, from COCO's weights; as a tracker it is IoU on annotated boxes.
_base_ = [
    "mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_res152_8xb32-210e_coco-384x288.py",
    "../../_base_/default_runtime.py",
    "../../_base_/models/tkmr.py",
    "../../_base_/models/detectors.py",
    "../../_base_/datasets/posetrack17_videos.py",
    "../../_base_/schedules/tkmr.py",
]

codec = _base_.tkmr_codec
estimator = _base_.model
estimator.merge(_base_.tkmr_stage1_estimator)
model = dict(_delete_=True, estimator=estimator, **_base_.tkmr_tracker)
load_from = (
    "https://download.openmmlab.com/mmpose/v1/body_2d_keypoint/topdown_heatmap/coco/"
    "td-hm_res152_8xb32-210e_coco-384x288-7fbb906f_20220927.pth"
)

train_dataloader = dict(
    dataset=dict(_delete_=True, pipeline=_base_.tkmr_stage1_pipeline, **_base_.posetrack17_people)
)
val_dataloader = dict(
    _delete_=True, dataset=_base_.posetrack17_videos, **_base_.tracking_dataloader
)
test_dataloader = val_dataloader
val_evaluator = _base_.tracking_evaluator
test_evaluator = val_evaluator

optim_wrapper = dict(_delete_=True, **_base_.tkmr_stage1_optim_wrapper)
train_cfg = _base_.tkmr_stage1_train_cfg
param_scheduler = _base_.tkmr_stage1_param_scheduler
auto_scale_lr = dict(base_batch_size=256)
default_hooks = dict(_delete_=True, **_base_.tracking_hooks)
visualizer = dict(_delete_=True, **_base_.tracking_visualizer)
