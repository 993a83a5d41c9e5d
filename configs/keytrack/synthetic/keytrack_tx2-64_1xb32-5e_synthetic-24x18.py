# Trains and tests on two CPU cores in minutes. The data, of which only the poses are looked at:
#     for split in train val; do python tools/dataset_converters/make_synthetic_posetrack.py \
#         data/synthetic_posetrack --split $split; done
_base_ = [
    "../../_base_/models/keytrack.py",
    "../../_base_/datasets/synthetic_pairs.py",
    "../../_base_/schedules/keytrack_25e.py",
    "../../_base_/pose_runtime.py",
]

model = dict(
    association=dict(
        similarity=dict(network=dict(num_layers=2, hidden=64, intermediate=64)),
    )
)

train_cfg = dict(by_epoch=True, max_epochs=5, val_interval=5)
optim_wrapper = dict(optimizer=dict(lr=1e-3))  # smaller network, fewer steps
param_scheduler = [
    dict(
        type="LinearLR",
        start_factor=1e-3,
        begin=0,
        end=0.25,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
    dict(
        type="LinearLR",
        start_factor=1.0,
        end_factor=0.0,
        begin=0.25,
        end=5,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]
