# A small CPN that two CPU cores can train: ResNet-18 with a quarter of the channels.
#     codec = _base_.cpn_tiny_codec
#     model = dict(estimator=_base_.cpn_tiny_estimator, **_base_.tracker)

# The finest target as wide as that of the small HRNet, the others in cpn.py's proportions.
cpn_tiny_targets = [
    dict(
        type="MSRAHeatmap",
        input_size=(96, 128),
        heatmap_size=(24, 32),
        sigma=sigma,
        unbiased=True,
        blur_kernel_size=7,
    )
    for sigma in (1.5, 2.0, 2.6, 3.4)
]
cpn_tiny_codec = cpn_tiny_targets[0]

cpn_tiny_estimator = dict(
    type="TopdownPoseEstimator",
    data_preprocessor=dict(
        type="PoseDataPreprocessor",
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
    ),
    backbone=dict(
        type="ResNet", depth=18, stem_channels=16, base_channels=16, out_indices=(0, 1, 2, 3)
    ),
    neck=dict(type="GlobalNet", in_channels=(16, 32, 64, 128), out_channels=32),
    head=dict(type="CPNHead", in_channels=32, out_channels=17, decoder=cpn_tiny_codec),
    test_cfg=dict(flip_test=True, flip_mode="heatmap", shift_heatmap=True),
)

# Milder than cpn.py's augmentation, as for the small HRNet: few epochs, and people are upright.
cpn_tiny_pipeline = [
    dict(type="LoadImage"),
    dict(type="GetBBoxCenterScale"),
    dict(type="RandomFlip", direction="horizontal"),
    dict(type="RandomBBoxTransform", rotate_factor=30, scale_factor=(0.8, 1.25)),
    dict(type="TopdownAffine", input_size=cpn_tiny_codec["input_size"]),
    dict(type="GenerateTarget", multilevel=True, encoder=cpn_tiny_targets),
    dict(type="PackPoseInputs"),
]
# For clips, which are mirrored as a whole by their data set.
cpn_tiny_clip_pipeline = [
    dict(type="GetBBoxCenterScale"),
    dict(type="RandomBBoxTransform", rotate_factor=20, scale_factor=(0.85, 1.18)),
    dict(type="TopdownAffine", input_size=cpn_tiny_codec["input_size"]),
    dict(type="GenerateTarget", multilevel=True, encoder=cpn_tiny_targets),
    dict(type="PackPoseInputs"),
]
