# M5: pNMS, TKM. Stage 2, matching alone; M7's checkpoint serves too.
_base_ = "./tkmr-stage1_hrnet-tiny_synthetic-128x96.py"

# Adam and few epochs, as for stage 1; one block, an eighth of the channels, and 8 candidates of a
# heatmap of 32x24. Matching works on the backbone's first layer, which still knows how people
# look, and most of the negatives are other people. Three blocks learn slower: after 600 iterations
# a cross entropy of 0.32 (from a common initialisation) where one block has 0.29.
tiny_matching = dict(in_channels=64, in_index=0, channels=32, upsample=(1,))
model = dict(
    estimator=dict(
        type="TemporalPoseEstimator",
        frozen=("backbone", "head"),
        backbone=dict(type="StemHRNet"),
        matching_head=dict(type="KeypointMatchingHead", **tiny_matching),
        temporal_loss=dict(type="TemporalKeypointLoss", num_candidates=8, identity_share=0.9),
        describers=[dict(type="KeypointDescriber", num_candidates=8)],
    ),
    association=dict(_delete_=True, **_base_.tkmr_tkm),
)
custom_hooks = [
    dict(
        type="LoadStage1Hook",
        checkpoint="work_dirs/tkmr-stage1_hrnet-tiny_synthetic-128x96/epoch_14.pth",
    ),
]
clip_pipeline = [
    dict(type="GetBBoxCenterScale"),
    dict(type="RandomBBoxTransform", rotate_factor=30, scale_factor=(0.8, 1.25)),
    dict(type="TopdownAffine", input_size=_base_.codec.input_size),
    dict(type="GenerateTarget", encoder=_base_.codec),
    dict(type="LocateKeypoints", encoder=_base_.codec),
    dict(type="PackPoseInputs"),
]
# tau = 2: these videos have 6 frames a second, so the paper's 5 frames of some 25 a second would
# be four times its time, in which people here walk past each other.
train_dataloader = dict(
    batch_size=8,
    collate_fn=dict(type="collate_clips"),
    dataset=dict(
        _delete_=True,
        data_root="data/synthetic_crossing/",
        ann_file="annotations/train",
        pipeline=clip_pipeline,
        type="PersonClipDataset",
        draw=dict(_base_.tkmr_clips.draw, tau=2),
    ),
)

optim_wrapper = dict(optimizer=dict(type="Adam", lr=4e-3))
train_cfg = dict(max_epochs=6, val_interval=6)
param_scheduler = [
    dict(type="LinearLR", begin=0, end=30, start_factor=0.01, by_epoch=False),
    dict(type="CosineAnnealingLR", T_max=6, by_epoch=True, convert_to_iter_based=True),
]
default_hooks = dict(checkpoint=dict(save_best="posetrack/MOTA"))
