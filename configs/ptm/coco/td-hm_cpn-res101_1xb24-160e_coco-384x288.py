# CPN on single images of COCO, as published: ResNet-101 from ImageNet, and the authors' schedule.
_base_ = [
    "mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_res101_8xb32-210e_coco-384x288.py",
    "../../_base_/default_runtime.py",
    "../../_base_/models/cpn.py",
    "../../_base_/schedules/cpn.py",
]

codec = _base_.cpn_codec
model = _base_.cpn_estimator

train_dataloader = dict(batch_size=24, dataset=dict(pipeline=_base_.cpn_pipeline))
optim_wrapper = _base_.cpn_optim_wrapper
train_cfg = _base_.cpn_train_cfg
param_scheduler = _base_.cpn_param_scheduler
auto_scale_lr = dict(base_batch_size=24)
