# PoseTrack18, in the layout that mmpose documents.

# People for training an estimator; add the pipeline.
posetrack18_people = dict(
    type="PoseTrack18Dataset",
    data_mode="topdown",
    data_root="data/posetrack18/",
    ann_file="annotations/posetrack18_train.json",
    data_prefix=dict(img=""),
)

# Videos for testing at the boxes of the detection file that mmpose publishes for this data set. At
# the annotated boxes instead:
#     --cfg-options test_dataloader.dataset.box_source=gt test_dataloader.dataset.bbox_file=None
posetrack18_videos = dict(
    type="PoseTrackVideoDataset",
    release="posetrack18",
    data_root="data/posetrack18/",
    ann_file="annotations/val",
    box_source="file",
    bbox_file="annotations/posetrack18_val_human_detections.json",
    pipeline=[dict(type="LoadVideoFrame", on_error="skip"), dict(type="PackFrameInputs")],
)

# For the data sets of pose_pairs.py. The files do not state the frame size: one image of each
# video is read for it.
posetrack18_poses = dict(
    release="posetrack18", data_root="data/posetrack18/", sizes_from_images=True
)
