# One annotated clip of 41 frames (960x540, 4 people) of Multi-Person PoseTrack (Iqbal et al., CVPR
# 2017) in the layout of PoseTrack18: the estimator learns from frames 0 to 30, all are tracked.
person_dataset = dict(
    type="PoseTrackPersonDataset",
    data_mode="topdown",
    data_root="data/multiperson_posetrack/",
    ann_file="annotations/val",
    videos=["060470979"],
    frames=(0, 31),
    data_prefix=dict(img=""),
)

video_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type="VideoSampler"),
    dataset=dict(
        type="PoseTrackVideoDataset",
        data_root="data/multiperson_posetrack/",
        ann_file="annotations/val",
        videos=["060470979"],
        box_source="gt",
        pipeline=[dict(type="LoadVideoFrame", on_error="skip"), dict(type="PackFrameInputs")],
    ),
)

# The nose is never annotated here, so it is left out of the means.
video_evaluator = dict(type="PoseTrackMetric", mota_score_thr=0.4, joints="annotated")
