# Phase 1 of the small version of CorrTrack's correspondences: the embedding, on frames of
# synthetic videos as stills, on two CPU cores. The data, as for TKMR's small configs, but with a
# detector that misses more people; tools/analysis_tools/corrtrack_ablation.py makes them so:
#     OPTIONS="--scene crossing --fps 6 --size 320x240 --people 4-6 --workers 2"
#     python tools/dataset_converters/make_synthetic_posetrack.py data/synthetic_missed \
#         --split train $OPTIONS --videos 40 --frames 10
#     python tools/dataset_converters/make_synthetic_posetrack.py data/synthetic_missed \
#         --split val $OPTIONS --videos 8 --frames 30 --detections 0.05,0.15,0.2,0.2
_base_ = [
    "mmpose::_base_/default_runtime.py",
    "../../_base_/default_runtime.py",
    "../../_base_/models/corrtrack_tiny.py",
    "../../_base_/datasets/still_pairs.py",
]

model = _base_.corr_tiny_embedding

randomness = dict(seed=0)
train_cfg = dict(max_epochs=4, val_interval=4)
optim_wrapper = _base_.corr_tiny_optim_wrapper
param_scheduler = [
    dict(type="LinearLR", begin=0, end=30, start_factor=0.01, by_epoch=False),
    dict(type="CosineAnnealingLR", T_max=4, by_epoch=True, convert_to_iter_based=True),
]
auto_scale_lr = dict(base_batch_size=8)

# Frames of 320 pixels become 192 or squares around people; so a person is 20 to 60 cells high.
size = 192
train_pipeline = [
    dict(type="StillViews", size=size, crop_prob=0.5, mirror_prob=0.5),
    dict(type="MoveStillPeople", prob=0.3),
    dict(type="OccludeStills", prob=0.5, views="second"),
    dict(type="JitterStillColors", prob=0.8),
    dict(type="BlurStills", prob=0.3),
    dict(type="NoiseStills", prob=0.3),
    dict(type="DrawStillQueries"),
    dict(type="PackStillPair"),
]
val_pipeline = [
    dict(type="StillViews", size=size),
    dict(type="OccludeStills", prob=0.5),
    dict(type="JitterStillColors", prob=0.8),
    dict(type="DrawStillQueries"),
    dict(type="PackStillPair"),
]
data_root = "data/synthetic_missed/"
train_dataloader = dict(
    batch_size=8,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type="DefaultSampler", shuffle=True),
    dataset=dict(
        type="StillPairDataset",
        data_root=data_root,
        ann_file="annotations/train",
        num_people=2,
        num_random=1,
        other_prob=0.08,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=1,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type="StillPairDataset",
        data_root=data_root,
        ann_file="annotations/val",
        frame_step=6,
        num_people=2,
        num_random=1,
        pipeline=val_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
val_evaluator = _base_.still_evaluator
test_evaluator = val_evaluator

default_hooks = dict(
    _delete_=True,
    **{
        **_base_.tracking_hooks,
        "checkpoint": dict(
            type="CheckpointHook",
            interval=4,
            max_keep_ckpts=1,
            save_best="correspondence/PCK@0.1",
            rule="greater",
        ),
    },
)
