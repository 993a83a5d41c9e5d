# Frames of tools/dataset_converters/make_synthetic_posetrack.py (splits train and val) as stills:
# no track id and no neighbouring frame is looked at. Frames that follow each other differ little,
# so every fifth one is taken.
_base_ = ["./still_pairs.py"]

still_train = dict(
    **_base_.still_train_options,
    data_root="data/synthetic_posetrack/",
    ann_file="annotations/train",
    frame_step=5,
)
still_val = dict(
    **_base_.still_val_options,
    data_root="data/synthetic_posetrack/",
    ann_file="annotations/val",
    frame_step=5,
)
