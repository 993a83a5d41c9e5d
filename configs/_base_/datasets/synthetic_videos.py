# A data set of tools/dataset_converters/make_synthetic_posetrack.py with the splits train and val.

# People for training an estimator; add the pipeline.
synthetic_people = dict(
    type="PoseTrackPersonDataset",
    data_mode="topdown",
    data_root="data/synthetic_posetrack/",
    ann_file="annotations/train",
    data_prefix=dict(img=""),
)

# At the boxes of the simulated detector (option --detections of that tool):
#     --cfg-options test_dataloader.dataset.box_source=file \
#         test_dataloader.dataset.bbox_file=annotations/val_detections.json
synthetic_videos = dict(
    type="PoseTrackVideoDataset",
    data_root="data/synthetic_posetrack/",
    ann_file="annotations/val",
    box_source="gt",
    pipeline=[dict(type="LoadVideoFrame", on_error="skip"), dict(type="PackFrameInputs")],
)

# For the data sets of pose_pairs.py.
synthetic_poses = dict(data_root="data/synthetic_posetrack/")

# False positive joints of the small estimator score up to 0.5 (choice, seen on validation videos).
synthetic_evaluator = [dict(type="PoseTrackMetric", mota_score_thr=0.5)]
