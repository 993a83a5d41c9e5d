# A small estimator with heatmaps and offsets that two CPU cores can train: two stages of
# BN-Inception with a quarter of the channels.
#     codec = _base_.offset_tiny_codec
#     model = dict(estimator=_base_.inception_tiny_estimator, **_base_.tracker)
offset_tiny_codec = dict(
    type="OffsetHeatmap", input_size=(96, 128), heatmap_size=(24, 32), sigma=1.5
)

inception_tiny_estimator = dict(
    type="TopdownPoseEstimator",
    data_preprocessor=dict(
        type="PoseDataPreprocessor", mean=[127.5] * 3, std=[127.5] * 3, bgr_to_rgb=True
    ),
    backbone=dict(
        type="MultiStageInception", num_keypoints=17, num_stages=2, width=0.25, stem="deep3x3"
    ),
    head=dict(
        type="OffsetHeatmapHead", in_channels=None, out_channels=17, decoder=offset_tiny_codec
    ),
    test_cfg=dict(flip_test=True, flip_mode="heatmap", shift_heatmap=False),
)

# As for the small HRNet: few epochs, and people are upright.
offset_tiny_pipeline = [
    dict(type="LoadImage"),
    dict(type="GetBBoxCenterScale"),
    dict(type="RandomFlip", direction="horizontal"),
    dict(type="RandomBBoxTransform", rotate_factor=30, scale_factor=(0.8, 1.25)),
    dict(type="TopdownAffine", input_size=offset_tiny_codec["input_size"]),
    dict(type="GenerateTarget", encoder=offset_tiny_codec),
    dict(type="PackPoseInputs"),
]
