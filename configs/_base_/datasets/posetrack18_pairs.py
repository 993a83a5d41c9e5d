# PoseTrack18 as it is released.
_base_ = "./pose_pairs.py"

# the files do not say how large the frames are: one image of each video is looked at
train_dataloader = dict(
    dataset=dict(release="posetrack18", data_root="data/posetrack18/", sizes_from_images=True)
)
val_dataloader = dict(
    dataset=dict(release="posetrack18", data_root="data/posetrack18/", sizes_from_images=True)
)
test_dataloader = dict(
    dataset=dict(release="posetrack18", data_root="data/posetrack18/", sizes_from_images=True)
)
