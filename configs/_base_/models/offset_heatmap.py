# CorrTrack's estimator of poses (supplement, section A): two stages of BN-Inception, heatmaps with
# offsets, crops of 288x384. It takes the place of the model of a config of mmpose's:
#     codec = _base_.offset_codec
#     estimator = _base_.model
#     estimator.merge(_base_.inception_estimator)
# The head goes on any other backbone as well (offset_hrnet_w32_estimator).

# Choice: sigma as mmpose has for heatmaps of 96x72.
offset_codec = dict(type="OffsetHeatmap", input_size=(288, 384), heatmap_size=(72, 96), sigma=3.0)

# No shift: a cell is the centre of its pixels, so that mirrored heatmaps fit, see OffsetHeatmap.
offset_test_cfg = dict(flip_test=True, flip_mode="heatmap", shift_heatmap=False)

# The paper begins with ImageNet weights of BN-Inception. torchvision has those of GoogLeNet, which
# fit the stem and a few convolutions; with arch="googlenet" all of them fit. They want pixels of
# mean 0.5 and standard deviation 0.5.
inception_estimator = dict(
    data_preprocessor=dict(
        _delete_=True,
        type="PoseDataPreprocessor",
        mean=[127.5] * 3,
        std=[127.5] * 3,
        bgr_to_rgb=True,
    ),
    backbone=dict(
        _delete_=True,
        type="MultiStageInception",
        num_keypoints=17,
        num_stages=2,
        init_cfg=dict(type="Pretrained", checkpoint="torchvision://googlenet"),
    ),
    head=dict(
        _delete_=True,
        type="OffsetHeatmapHead",
        in_channels=None,
        out_channels=17,
        decoder=offset_codec,
    ),
    test_cfg=offset_test_cfg,
)

offset_hrnet_w32_estimator = dict(
    head=dict(
        _delete_=True,
        type="OffsetHeatmapHead",
        in_channels=32,
        out_channels=17,
        deconv_out_channels=None,
        decoder=offset_codec,
    ),
    test_cfg=offset_test_cfg,
)

# mmpose's augmentation for COCO and PoseTrack18 (choice).
offset_pipeline = [
    dict(type="LoadImage"),
    dict(type="GetBBoxCenterScale"),
    dict(type="RandomFlip", direction="horizontal"),
    dict(type="RandomHalfBody"),
    dict(type="RandomBBoxTransform"),
    dict(type="TopdownAffine", input_size=offset_codec["input_size"]),
    dict(type="GenerateTarget", encoder=offset_codec),
    dict(type="PackPoseInputs"),
]
