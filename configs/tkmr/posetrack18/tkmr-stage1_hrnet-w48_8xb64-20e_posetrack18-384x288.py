# Stage 1: the single-frame model, from COCO's weights; as a tracker it is IoU on annotated boxes.
_base_ = [
    "../../baselines/posetrack18/iou-tracker_td-hm_hrnet-w48_8xb64-20e_posetrack18-384x288.py",
    "../../_base_/models/tkmr.py",
    "../../_base_/models/tkmr_boxes.py",
    "../../_base_/schedules/tkmr.py",
]

codec = _base_.tkmr_codec
model = dict(
    estimator=dict(head=_base_.tkmr_pose_head),
    suppression=_base_.tkmr_pnms,
    association=dict(_delete_=True, **_base_.tkmr_iou),
)
train_dataloader = dict(batch_size=64, dataset=dict(pipeline=_base_.tkmr_stage1_pipeline))
val_dataloader = dict(dataset=dict(box_source="gt", bbox_file=None))
test_dataloader = val_dataloader

optim_wrapper = dict(optimizer=dict(_delete_=True, **_base_.tkmr_stage1_optimizer))
train_cfg = _base_.tkmr_stage1_cfg
param_scheduler = _base_.tkmr_stage1_schedule
auto_scale_lr = dict(base_batch_size=512)
