# With the data at another place than data/multiperson_posetrack, X:
#     python tools/train.py <this file> --cfg-options train_dataloader.dataset.data_root=X \
#         val_dataloader.dataset.data_root=X test_dataloader.dataset.data_root=X
_base_ = [
    "../../../_base_/models/gcn_tracker.py",
    "../../../_base_/datasets/multiperson_posetrack_pairs.py",
    "../../../_base_/schedules/gcn_5e.py",
    "../../../_base_/pose_runtime.py",
]

train_cfg = _base_.train_5e
train_dataloader = dict(batch_size=64)
# Association does not count matches
val_evaluator = _base_.val_evaluator[:1]
test_evaluator = val_evaluator
