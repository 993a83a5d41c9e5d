# With the data at another place than data/multiperson_posetrack, X:
#     python tools/train.py <this file> --cfg-options train_dataloader.dataset.data_root=X \
#         val_dataloader.dataset.data_root=X test_dataloader.dataset.data_root=X
_base_ = [
    "../../../_base_/pose_runtime.py",
    "../../../_base_/models/gcn.py",
    "../../../_base_/datasets/pose_pairs.py",
    "../../../_base_/datasets/multiperson_posetrack.py",
    "../../../_base_/schedules/gcn_5e.py",
]

model = dict(
    type="PoseOnlyTracker",
    backbone=dict(),  # none: mmpose's init_model, which looks for it, gets told what to use
    association=_base_.gcn_association,
)

train_dataloader = dict(
    _base_.pair_dataloader,
    batch_size=64,
    dataset=dict(**_base_.pair_dataset, **_base_.multiperson_poses),
)
val_dataloader = dict(
    dataset=dict(**_base_.pose_dataset, **_base_.multiperson_poses), **_base_.pose_dataloader
)
test_dataloader = val_dataloader
val_evaluator = _base_.multiperson_evaluator[:1]  # Association does not count matches
test_evaluator = val_evaluator

train_cfg = _base_.gcn_train_cfg
optim_wrapper = _base_.gcn_optim_wrapper
param_scheduler = _base_.gcn_param_scheduler
auto_scale_lr = dict(base_batch_size=64)
