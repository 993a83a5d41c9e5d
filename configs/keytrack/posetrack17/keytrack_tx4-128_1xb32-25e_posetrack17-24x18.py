# Pose entailment on the annotated poses of PoseTrack17's training videos. The first image of each
# video is opened for its size, no other.
_base_ = [
    "../../_base_/pose_runtime.py",
    "../../_base_/models/keytrack.py",
    "../../_base_/datasets/pose_pairs.py",
    "../../_base_/datasets/posetrack17_videos.py",
    "../../_base_/schedules/keytrack_25e.py",
]

model = dict(
    type="PoseOnlyTracker",
    backbone=dict(),  # none: mmpose's init_model, which looks for it, gets told what to use
    association=_base_.keytrack_association,
    observers=[dict(type="MatchAccuracyObserver")],
)

train_dataloader = dict(
    dataset=dict(**_base_.pair_dataset, **_base_.posetrack17_poses), **_base_.pair_dataloader
)
val_dataloader = dict(
    dataset=dict(**_base_.pose_dataset, **_base_.posetrack17_poses), **_base_.pose_dataloader
)
test_dataloader = val_dataloader
val_evaluator = _base_.pose_evaluator
test_evaluator = val_evaluator

train_cfg = _base_.keytrack_train_cfg
optim_wrapper = _base_.keytrack_optim_wrapper
param_scheduler = _base_.keytrack_param_scheduler
auto_scale_lr = dict(base_batch_size=32)
