# Multi-Person PoseTrack (Iqbal et al., CVPR 2017) in the layout of PoseTrack18
# (tools/dataset_converters/multiperson_posetrack_to_posetrack18.py converts it): 30 videos with
# 6,394 poses for training, 15 for testing. The nose is never annotated here, so it is left out of
# the means.
multiperson_poses = dict(data_root="data/multiperson_posetrack/")
multiperson_evaluator = [
    dict(type="PoseTrackMetric", joints="annotated"),
    dict(type="MatchAccuracyMetric"),
]

# One annotated clip of 41 frames (960x540, 4 people): an estimator learns from frames 0 to 30, all
# are tracked.
clip_people = dict(
    type="PoseTrackPersonDataset",
    data_mode="topdown",
    data_root="data/multiperson_posetrack/",
    ann_file="annotations/val",
    videos=["060470979"],
    frames=(0, 31),
    data_prefix=dict(img=""),
)
clip_videos = dict(
    type="PoseTrackVideoDataset",
    data_root="data/multiperson_posetrack/",
    ann_file="annotations/val",
    videos=["060470979"],
    box_source="gt",
    pipeline=[dict(type="LoadVideoFrame", on_error="skip"), dict(type="PackFrameInputs")],
)
clip_evaluator = [dict(type="PoseTrackMetric", mota_score_thr=0.4, joints="annotated")]
