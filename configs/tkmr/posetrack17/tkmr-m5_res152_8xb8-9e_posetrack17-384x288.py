# M5 of Table 3: pNMS, TKM. Stage 2, matching alone; M7's checkpoint serves too.
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
estimator.merge(_base_.tkmr_stage2_estimator)
estimator.matching_head = dict(type="KeypointMatchingHead", **_base_.tkmr_resnet_modules)
estimator.backbone.init_cfg = None  # stage 1's weights, not ImageNet's
model = dict(
    _base_.tkmr_tracker,
    _delete_=True,
    estimator=estimator,
    box_source=_base_.tkmr_r101_boxes,
    association=_base_.tkmr_tkm_association,
)
load_from = None
custom_hooks = [
    dict(
        type="LoadEstimatorHook",
        checkpoint="work_dirs/tkmr-stage1_res152_8xb32-20e_posetrack17-384x288/epoch_20.pth",
    ),
]

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        release="posetrack17",
        data_root="data/posetrack17/",
        **_base_.tkmr_clip_dataset,
    ),
    **_base_.tkmr_clip_dataloader,
)
val_dataloader = dict(
    _delete_=True,
    dataset=dict(_base_.posetrack17_videos, box_source="detector"),
    **_base_.tracking_dataloader,
)
test_dataloader = val_dataloader
val_evaluator = _base_.tracking_evaluator
test_evaluator = val_evaluator

optim_wrapper = dict(_delete_=True, **_base_.tkmr_stage2_optim_wrapper)
train_cfg = _base_.tkmr_stage2_train_cfg
param_scheduler = _base_.tkmr_stage2_param_scheduler
auto_scale_lr = dict(base_batch_size=64)
# Matching does not change the poses, so that the best is chosen by what it changes.
default_hooks = dict(_delete_=True, **_base_.tracking_hooks)
default_hooks["checkpoint"]["save_best"] = "posetrack/MOTA"
visualizer = dict(_delete_=True, **_base_.tracking_visualizer)
