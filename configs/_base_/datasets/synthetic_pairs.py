# A data set of tools/dataset_converters/make_synthetic_posetrack.py with the splits train and val.
_base_ = "./pose_pairs.py"

train_dataloader = dict(dataset=dict(data_root="data/synthetic_posetrack/"))
val_dataloader = dict(dataset=dict(data_root="data/synthetic_posetrack/"))
test_dataloader = dict(dataset=dict(data_root="data/synthetic_posetrack/"))
