# Table 3, "Ours-CPN", and the last row of Table 1.
_base_ = [
    "mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_res101_8xb32-210e_coco-384x288.py",
    "../../_base_/default_runtime.py",
    "../../_base_/models/cpn.py",
    "../../_base_/models/ptm.py",
    "../../_base_/models/detectors.py",
    "../../_base_/datasets/posetrack18_videos.py",
    "../../_base_/schedules/ptm.py",
]

codec = _base_.cpn_codec
estimator = _base_.model
estimator.merge(_base_.cpn_estimator)
estimator.merge(_base_.ptm_estimator)
estimator.neck.memory = _base_.ptm_cpn_neck
model = dict(
    _delete_=True,
    estimator=estimator,
    box_source=_base_.faster_rcnn_r101_boxes,
    memory=_base_.ptm_memory,
    **_base_.ptm_tracker,
)
custom_hooks = [
    dict(
        type="LoadEstimatorHook",
        checkpoint="work_dirs/ptm-baseline_cpn-res101_8xb32-20e_posetrack18-384x288/epoch_20.pth",
    ),
]

pipeline = [
    *_base_.ptm_clip_crops,
    dict(type="TopdownAffine", input_size=codec.input_size),
    dict(type="GenerateTarget", multilevel=True, encoder=_base_.cpn_targets),
    dict(type="PackPoseInputs"),
]
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        release="posetrack18",
        data_root="data/posetrack18/",
        **dict(_base_.ptm_clip_dataset, pipeline=pipeline),
    ),
    **_base_.ptm_clip_dataloader,
)
val_dataloader = dict(
    _delete_=True,
    dataset=dict(_base_.posetrack18_videos, box_source="detector", bbox_file=None),
    **_base_.tracking_dataloader,
)
test_dataloader = val_dataloader
val_evaluator = _base_.tracking_evaluator
test_evaluator = val_evaluator

optim_wrapper = _base_.ptm_optim_wrapper
train_cfg = _base_.ptm_train_cfg
param_scheduler = _base_.ptm_param_scheduler
auto_scale_lr = dict(base_batch_size=32)
default_hooks = dict(_delete_=True, **_base_.tracking_hooks)
visualizer = dict(_delete_=True, **_base_.tracking_visualizer)
