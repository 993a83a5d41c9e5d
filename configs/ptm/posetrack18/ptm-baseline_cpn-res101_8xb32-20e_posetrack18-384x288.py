# CPN without a memory, from COCO's weights (configs/ptm/coco), by mmpose's schedule for PoseTrack.
_base_ = [
    "mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_res101_8xb32-210e_coco-384x288.py",
    "../../_base_/default_runtime.py",
    "../../_base_/models/cpn.py",
    "../../_base_/models/ptm.py",
    "../../_base_/models/detectors.py",
    "../../_base_/datasets/posetrack18_videos.py",
    "../../_base_/schedules/cpn.py",
    "../../_base_/schedules/posetrack_20e.py",
]

codec = _base_.cpn_codec
estimator = _base_.model
estimator.merge(_base_.cpn_estimator)
model = dict(
    _delete_=True,
    estimator=estimator,
    box_source=_base_.faster_rcnn_r101_boxes,
    **_base_.ptm_tracker,
)
load_from = "work_dirs/td-hm_cpn-res101_1xb24-160e_coco-384x288/epoch_160.pth"

train_dataloader = dict(
    dataset=dict(_delete_=True, pipeline=_base_.cpn_pipeline, **_base_.posetrack18_people)
)
val_dataloader = dict(
    _delete_=True,
    dataset=dict(_base_.posetrack18_videos, box_source="detector", bbox_file=None),
    **_base_.tracking_dataloader,
)
test_dataloader = val_dataloader
val_evaluator = _base_.tracking_evaluator
test_evaluator = val_evaluator

optim_wrapper = _base_.cpn_optim_wrapper
train_cfg = _base_.posetrack_train_cfg
param_scheduler = _base_.posetrack_param_scheduler
auto_scale_lr = dict(base_batch_size=256)
default_hooks = dict(_delete_=True, **_base_.tracking_hooks)
visualizer = dict(_delete_=True, **_base_.tracking_visualizer)
