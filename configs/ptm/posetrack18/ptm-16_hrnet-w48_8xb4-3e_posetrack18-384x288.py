# HRNet-W48 with a memory (no row of the paper).
_base_ = "./ptm-baseline_hrnet-w48_8xb64-20e_posetrack18-384x288.py"

model = dict(
    estimator=dict(_base_.ptm_estimator, neck=_base_.ptm_hrnet_w48_neck),
    memory=_base_.ptm_memory,
)
load_from = None
custom_hooks = [
    dict(
        type="LoadEstimatorHook",
        checkpoint="work_dirs/ptm-baseline_hrnet-w48_8xb64-20e_posetrack18-384x288/epoch_20.pth",
    ),
]

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        release="posetrack18",
        data_root="data/posetrack18/",
        **_base_.ptm_clip_dataset,
    ),
    **_base_.ptm_clip_dataloader,
)
optim_wrapper = _base_.ptm_optim_wrapper
train_cfg = _base_.ptm_train_cfg
param_scheduler = _base_.ptm_param_scheduler
auto_scale_lr = dict(base_batch_size=32)
