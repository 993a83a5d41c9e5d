# KeyTrack's pose entailment as the paper trains it, on Multi-Person PoseTrack: the third row of
# Table 3 (93.2 % on PoseTrack18 with the paper's own detections).
#
# With the data at another place than data/multiperson_posetrack, X:
#     python tools/train.py <this file> --cfg-options train_dataloader.dataset.data_root=X \
#         val_dataloader.dataset.data_root=X test_dataloader.dataset.data_root=X
_base_ = [
    "../../_base_/models/keytrack.py",
    "../../_base_/datasets/multiperson_posetrack_pairs.py",
    "../../_base_/schedules/keytrack_25e.py",
    "../../_base_/pose_runtime.py",
]

train_cfg = _base_.train_25e
