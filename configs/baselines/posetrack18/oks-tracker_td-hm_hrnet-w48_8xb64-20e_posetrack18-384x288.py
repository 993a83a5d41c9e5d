_base_ = [
    "mmpose::body_2d_keypoint/topdown_heatmap/posetrack18/"
    "td-hm_hrnet-w48_8xb64-20e_posetrack18-384x288.py",
    "../../_base_/default_runtime.py",
    "../../_base_/models/oks_tracker.py",
    "../../_base_/datasets/posetrack18_videos.py",
]

model = dict(_delete_=True, estimator=_base_.model, **_base_.tracker)

val_dataloader = dict(
    _delete_=True, dataset=_base_.posetrack18_videos, **_base_.tracking_dataloader
)
test_dataloader = val_dataloader
val_evaluator = _base_.tracking_evaluator
test_evaluator = val_evaluator

default_hooks = dict(_delete_=True, **_base_.tracking_hooks)
visualizer = dict(_delete_=True, **_base_.tracking_visualizer)
