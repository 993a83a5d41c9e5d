# Frames of tools/dataset_converters/make_synthetic_posetrack.py (splits train and val) as stills,
# for still_pairs.py: no track id and no neighbouring frame is looked at. Frames that follow each
# other differ little, so every fifth one is taken.
synthetic_still_train = dict(
    data_root="data/synthetic_posetrack/", ann_file="annotations/train", frame_step=5
)
synthetic_still_val = dict(
    data_root="data/synthetic_posetrack/", ann_file="annotations/val", frame_step=5
)
