# PoseTrack21 in the layout of PoseTrack18 (tools/dataset_converters converts it), to be put in
# place over a PoseTrack18 config with
#     train_dataloader = dict(
#         dataset=dict(_delete_=True, pipeline=_base_.train_pipeline, **_base_.posetrack21_people)
#     )
#     val_dataloader = dict(dataset=dict(_delete_=True, **_base_.posetrack21_videos))
posetrack21_people = dict(
    type="PoseTrackPersonDataset",
    release="posetrack21",
    data_mode="topdown",
    data_root="data/posetrack21/",
    ann_file="annotations/train",
    data_prefix=dict(img=""),
)

# People are looked for in the annotated boxes, since no detection file is published for this data
# set. With a file of one's own:
#     --cfg-options test_dataloader.dataset.box_source=file \
#         test_dataloader.dataset.bbox_file=annotations/detections.json
posetrack21_videos = dict(
    type="PoseTrackVideoDataset",
    release="posetrack21",
    data_root="data/posetrack21/",
    ann_file="annotations/val",
    box_source="gt",
    pipeline=[dict(type="LoadVideoFrame", on_error="skip"), dict(type="PackFrameInputs")],
)
