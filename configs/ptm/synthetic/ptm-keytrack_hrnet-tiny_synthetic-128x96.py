# PTM with KeyTrack: the matcher that the package ships gives the ids, and temporal OKS brings the
# people of the previous frame along, with their memories. A memory is that of a track, since the
# matcher finds people again better than the overlap of boxes does. It is trained on clips, from
# the estimator of the OKS tracker.
_base_ = [
    "../../keytrack/synthetic/oks-tracker_none_td-hm_hrnet-tiny_synthetic-128x96.py",
    "../../_base_/models/keytrack.py",
    "../../_base_/models/track_entailment.py",
    "../../_base_/models/ptm.py",
]

model = dict(
    estimator=dict(
        _base_.ptm_estimator,
        # Cells of 2 x 2 of the map, 16 x 12. Thresholds by memory_thresholds.py, of a small
        # network and 258 people: of the joints above 1.0 83 % are right, of those below 0.8 35 %,
        # and three quarters of the people who are found well have a sum above 14.9.
        neck=dict(
            _base_.ptm_neck,
            in_channels=16,
            embed_channels=16,
            num_heads=4,
            read_stride=2,
            capacity=4,
            blur_kernel=5,
            high_thr=1.0,
            low_thr=0.8,
            heatmap_thr=14.9,
        ),
    ),
    memory=dict(_base_.ptm_memory, follow="tracks"),
    association=dict(_delete_=True, **_base_.shipped_association),
    **_base_.keytrack_tracker,
)
custom_hooks = [
    dict(
        type="LoadEstimatorHook",
        checkpoint="work_dirs/oks-tracker_td-hm_hrnet-tiny_synthetic-128x96/epoch_14.pth",
    ),
]

train_dataloader = dict(
    batch_size=8,
    collate_fn=dict(type="collate_clips"),
    dataset=dict(
        _delete_=True,
        data_root="data/synthetic_posetrack/",
        ann_file="annotations/train",
        pipeline=[
            *_base_.ptm_clip_crops,
            dict(type="TopdownAffine", input_size=_base_.codec.input_size),
            dict(type="GenerateTarget", encoder=_base_.codec),
            dict(type="PackPoseInputs"),
        ],
        **dict(_base_.ptm_clips, draw=dict(_base_.ptm_clips.draw, num_frames=5)),
    ),
)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
train_cfg = dict(max_epochs=4, val_interval=4)
param_scheduler = [
    dict(type="LinearLR", begin=0, end=30, start_factor=0.01, by_epoch=False),
    dict(type="CosineAnnealingLR", T_max=4, by_epoch=True, convert_to_iter_based=True),
]
