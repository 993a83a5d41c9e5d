# PoseTrack17 in the layout of PoseTrack18 (tools/dataset_converters converts it).

# People for training an estimator; add the pipeline.
posetrack17_people = dict(
    type="PoseTrackPersonDataset",
    release="posetrack17",
    data_mode="topdown",
    data_root="data/posetrack17/",
    ann_file="annotations/train",
    data_prefix=dict(img=""),
)

# Videos for testing at the annotated boxes, since no detection file is published for this data
# set. With a file of your own:
#     --cfg-options test_dataloader.dataset.box_source=file \
#         test_dataloader.dataset.bbox_file=annotations/detections.json
posetrack17_videos = dict(
    type="PoseTrackVideoDataset",
    release="posetrack17",
    data_root="data/posetrack17/",
    ann_file="annotations/val",
    box_source="gt",
    pipeline=[dict(type="LoadVideoFrame", on_error="skip"), dict(type="PackFrameInputs")],
)

# For the data sets of pose_pairs.py. The files do not state the frame size: one image of each
# video is read for it.
posetrack17_poses = dict(
    release="posetrack17", data_root="data/posetrack17/", sizes_from_images=True
)
