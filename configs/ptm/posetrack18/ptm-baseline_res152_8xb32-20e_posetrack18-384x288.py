# SimpleBaseline without a memory, from COCO's weights, by mmpose's schedule for PoseTrack.
_base_ = [
    "mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_res152_8xb32-210e_coco-384x288.py",
    "../../_base_/default_runtime.py",
    "../../_base_/models/ptm.py",
    "../../_base_/models/detectors.py",
    "../../_base_/datasets/posetrack18_videos.py",
    "../../_base_/schedules/posetrack_20e.py",
    "../../_base_/schedules/ptm.py",
]

model = dict(
    _delete_=True,
    estimator=_base_.model,
    box_source=_base_.faster_rcnn_r101_boxes,
    **_base_.ptm_tracker,
)
load_from = (
    "https://download.openmmlab.com/mmpose/v1/body_2d_keypoint/topdown_heatmap/coco/"
    "td-hm_res152_8xb32-210e_coco-384x288-7fbb906f_20220927.pth"
)

train_cfg = _base_.posetrack_train_cfg
param_scheduler = _base_.posetrack_param_scheduler
auto_scale_lr = dict(base_batch_size=256)
train_dataloader = dict(
    dataset=dict(_delete_=True, pipeline=_base_.train_pipeline, **_base_.posetrack18_people)
)
val_dataloader = dict(
    _delete_=True,
    dataset=dict(_base_.posetrack18_videos, box_source="detector", bbox_file=None),
    **_base_.tracking_dataloader,
)
test_dataloader = val_dataloader
val_evaluator = _base_.tracking_evaluator
test_evaluator = val_evaluator

default_hooks = dict(_delete_=True, **_base_.tracking_hooks)
visualizer = dict(_delete_=True, **_base_.tracking_visualizer)
