# Correspondences of real photos, small, on two CPU cores, phase 1. Stills in data/stills: coco/
# has images with a keypoint file, folder/ any other photos and single frames of videos. It starts
# from the weights of synthetic stills and learns from few photos, so it sees each many times.
_base_ = [
    "mmpose::_base_/default_runtime.py",
    "../../_base_/default_runtime.py",
    "../../_base_/models/corrtrack_tiny.py",
    "../../_base_/datasets/still_pairs.py",
]

model = _base_.corr_tiny_embedding

load_from = "work_dirs/corr-embedding_hrnet-tiny_synthetic-192x192/epoch_4.pth"
randomness = dict(seed=0)
train_cfg = dict(max_epochs=8, val_interval=8)
optim_wrapper = _base_.corr_tiny_optim_wrapper
param_scheduler = [
    dict(type="LinearLR", begin=0, end=30, start_factor=0.01, by_epoch=False),
    dict(type="CosineAnnealingLR", T_max=8, by_epoch=True, convert_to_iter_based=True),
]
auto_scale_lr = dict(base_batch_size=8)

size = 256
train_pipeline = [
    dict(
        type="StillViews",
        size=size,
        crop_prob=0.5,
        mirror_prob=0.5,
        scale=(0.7, 1.4),
        rotation=30.0,
        shift=0.15,
    ),
    dict(type="MoveStillPeople", prob=0.5),
    dict(type="OccludeStills", prob=0.5, views="second"),
    dict(type="JitterStillColors", prob=0.8),
    dict(type="BlurStills", prob=0.5, length=(2.0, 14.0)),
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
groups = dict(num_people=2, num_random=1)
options = dict(
    type="StillPairDataset", **groups, other_prob=0.1, patch_prob=0.25, pipeline=train_pipeline
)
data_root = "data/stills/"
synthetic_root = "data/synthetic_missed/"
train_dataloader = dict(
    batch_size=8,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type="DefaultSampler", shuffle=True),
    dataset=dict(
        type="ConcatDataset",
        datasets=[
            dict(
                type="RepeatDataset",
                times=3,
                dataset=dict(
                    type="ConcatDataset",
                    datasets=[
                        dict(
                            type="RepeatDataset",
                            times=8,
                            dataset=dict(
                                **options,
                                data_root=data_root,
                                ann_file="coco/test_coco.json",
                                data_prefix=dict(img="coco/"),
                            ),
                        ),
                        dict(**options, data_root=data_root, data_prefix=dict(img="folder/")),
                    ],
                ),
            ),
            dict(
                **options,
                data_root=synthetic_root,
                ann_file="annotations/train",
                frame_step=2,
            ),
        ],
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
        data_root=synthetic_root,
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
            interval=8,
            max_keep_ckpts=1,
            save_best="correspondence/PCK@0.1",
            rule="greater",
        ),
    },
)
