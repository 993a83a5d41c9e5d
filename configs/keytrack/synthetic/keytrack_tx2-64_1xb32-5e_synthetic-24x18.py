# Trains and tests on two CPU cores in minutes. The data, of which only the poses are used:
#     for split in train val; do python tools/dataset_converters/make_synthetic_posetrack.py \
#         data/synthetic_posetrack --split $split; done
_base_ = [
    "../../_base_/pose_runtime.py",
    "../../_base_/models/keytrack.py",
    "../../_base_/datasets/pose_pairs.py",
    "../../_base_/datasets/synthetic_videos.py",
    "../../_base_/schedules/keytrack_25e.py",
]

association = _base_.keytrack_association
association.similarity.network.update(num_layers=2, hidden=64, intermediate=64)
model = dict(
    type="PoseOnlyTracker",
    backbone=dict(),  # none: mmpose's init_model, which looks for it, gets told what to use
    association=association,
    observers=[dict(type="MatchAccuracyObserver")],
)

train_dataloader = dict(
    dataset=dict(**_base_.pair_dataset, **_base_.synthetic_poses), **_base_.pair_dataloader
)
val_dataloader = dict(
    dataset=dict(**_base_.pose_dataset, **_base_.synthetic_poses), **_base_.pose_dataloader
)
test_dataloader = val_dataloader
val_evaluator = _base_.pose_evaluator
test_evaluator = val_evaluator

train_cfg = dict(by_epoch=True, max_epochs=5, val_interval=5)
optim_wrapper = _base_.keytrack_optim_wrapper
optim_wrapper.optimizer.lr = 1e-3  # smaller network, fewer steps
param_scheduler = _base_.keytrack_param_scheduler
param_scheduler[1].end = 5
auto_scale_lr = dict(base_batch_size=32)
