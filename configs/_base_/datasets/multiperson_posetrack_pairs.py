# Multi-Person PoseTrack (Iqbal et al., CVPR 2017) in the layout of PoseTrack18
# (tools/dataset_converters/multiperson_posetrack.py converts it): 30 videos with 6,394 poses to
# train on, 15 to test.
_base_ = "./pose_pairs.py"

train_dataloader = dict(dataset=dict(data_root="data/multiperson_posetrack/"))
val_dataloader = dict(dataset=dict(data_root="data/multiperson_posetrack/"))
test_dataloader = dict(dataset=dict(data_root="data/multiperson_posetrack/"))

# The nose is never annotated here, so it is left out of the means.
val_evaluator = [
    dict(type="PoseTrackMetric", joints="annotated"),
    dict(type="MatchAccuracyMetric"),
]
test_evaluator = val_evaluator
