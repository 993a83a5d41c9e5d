# HRNet-W32 without a memory, from COCO's weights, by mmpose's config for PoseTrack18.
_base_ = [
    "mmpose::body_2d_keypoint/topdown_heatmap/posetrack18/"
    "td-hm_hrnet-w32_8xb64-20e_posetrack18-384x288.py",
    "../../_base_/default_runtime.py",
    "../../_base_/models/ptm.py",
    "../../_base_/models/detectors.py",
    "../../_base_/datasets/posetrack18_videos.py",
    "../../_base_/schedules/ptm.py",
]

model = dict(
    _delete_=True,
    estimator=_base_.model,
    box_source=_base_.faster_rcnn_r101_boxes,
    **_base_.ptm_tracker,
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
