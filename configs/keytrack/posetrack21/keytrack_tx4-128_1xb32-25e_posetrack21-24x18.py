# Pose entailment on the annotated poses of PoseTrack21's training videos. No image is opened but
# the first of each video.
_base_ = [
    "../../_base_/models/keytrack.py",
    "../../_base_/datasets/posetrack21_pairs.py",
    "../../_base_/schedules/keytrack_25e.py",
    "../../_base_/pose_runtime.py",
]

train_cfg = _base_.train_25e
