# PoseTrack17 in the layout of PoseTrack18 (tools/dataset_converters converts it).
_base_ = "./pose_pairs.py"

# the files do not say how large the frames are: one image of each video is looked at
train_dataloader = dict(
    dataset=dict(release="posetrack17", data_root="data/posetrack17/", sizes_from_images=True)
)
val_dataloader = dict(
    dataset=dict(release="posetrack17", data_root="data/posetrack17/", sizes_from_images=True)
)
test_dataloader = dict(
    dataset=dict(release="posetrack17", data_root="data/posetrack17/", sizes_from_images=True)
)
