# The videos of PoseTrack18, to be put in place with
#     val_dataloader = dict(_delete_=True, **_base_.video_dataloader)
#     val_evaluator = dict(_delete_=True, **_base_.video_evaluator)
# The single people for training come from mmpose's PoseTrack18 config; after a config of another
# data set with
#     train_dataloader = dict(
#         dataset=dict(_delete_=True, pipeline=_base_.train_pipeline, **_base_.person_dataset)
#     )
person_dataset = dict(
    type="PoseTrack18Dataset",
    data_mode="topdown",
    data_root="data/posetrack18/",
    ann_file="annotations/posetrack18_train.json",
    data_prefix=dict(img=""),
)

# People are looked for in the boxes of the detection file that mmpose offers for this data set.
# At the annotated boxes instead:
#     --cfg-options test_dataloader.dataset.box_source=gt test_dataloader.dataset.bbox_file=None
video_dataloader = dict(
    batch_size=8,  # frames; all their people go through the estimator together
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type="VideoSampler"),
    dataset=dict(
        type="PoseTrackVideoDataset",
        release="posetrack18",
        data_root="data/posetrack18/",
        ann_file="annotations/val",
        box_source="file",
        bbox_file="annotations/posetrack18_val_human_detections.json",
        pipeline=[dict(type="LoadVideoFrame", on_error="skip"), dict(type="PackFrameInputs")],
    ),
)

# AP takes every joint; for the tracking figures, joints under 0.4 are left out (choice: a joint
# that is reported where none is annotated costs MOTA as much as a miss).
video_evaluator = dict(type="PoseTrackMetric", mota_score_thr=0.4)
