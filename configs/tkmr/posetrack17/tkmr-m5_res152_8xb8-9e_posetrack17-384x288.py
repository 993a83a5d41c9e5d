# M5 of Table 3: pNMS, TKM. Stage 2, matching alone; M7's checkpoint serves too.
_base_ = "./tkmr-stage1_res152_8xb32-20e_posetrack17-384x288.py"

model = dict(
    estimator=dict(
        type="TemporalPoseEstimator",
        frozen=("backbone", "head"),
        backbone=dict(init_cfg=None),  # stage 1's weights, not ImageNet's
        matching_head=dict(type="KeypointMatchingHead", **_base_.tkmr_resnet_modules),
        temporal_loss=_base_.tkmr_temporal_loss,
        describers=_base_.tkmr_describers,
    ),
    box_source=_base_.tkmr_r101_pnms,
    association=dict(_delete_=True, **_base_.tkmr_tkm),
)
load_from = None
custom_hooks = [
    dict(
        type="LoadStage1Hook",
        checkpoint="work_dirs/tkmr-stage1_res152_8xb32-20e_posetrack17-384x288/epoch_20.pth",
    ),
]
train_dataloader = dict(
    batch_size=8,
    collate_fn=dict(type="collate_clips"),
    dataset=dict(
        _delete_=True,
        release="posetrack17",
        data_root="data/posetrack17/",
        ann_file="annotations/train",
        pipeline=_base_.tkmr_clip_pipeline,
        **_base_.tkmr_clips,
    ),
)
val_dataloader = dict(dataset=dict(box_source="detector", bbox_file=None))
test_dataloader = val_dataloader

optim_wrapper = dict(optimizer=dict(_delete_=True, **_base_.tkmr_stage2_optimizer))
train_cfg = _base_.tkmr_stage2_cfg
param_scheduler = _base_.tkmr_stage2_schedule
auto_scale_lr = dict(base_batch_size=64)
# Matching does not change the poses, so that the best is chosen by what it changes.
default_hooks = dict(checkpoint=dict(save_best="posetrack/MOTA"))
