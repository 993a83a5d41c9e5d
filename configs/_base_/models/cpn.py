# CPN (Chen et al., CVPR 2018) in place of the model of a ResNet-101 config of mmpose's:
#     codec = _base_.cpn_codec
#     estimator = _base_.model
#     estimator.merge(_base_.cpn_estimator)

# One target for each level of the pyramid, finest first. The authors' published code blurs by
# kernels of 9, 13, 17 and 23 cells for heatmaps of 96x72 (7, 9, 11 and 15 for 64x48, as in the
# paper), whose sigma is 0.3 * ((kernel - 1) / 2 - 1) + 0.8. That code gives the finest level the
# widest target, which its comment calls reversed: here the coarsest level has it.
#
# Choices: a peak of 1 instead of 255, so that scores are from 0 to 1 as trackers expect;
# unbiased=True does not round places to cells, and decodes by DARK below the size of a cell.
cpn_targets = [
    dict(
        type="MSRAHeatmap",
        input_size=(288, 384),
        heatmap_size=(72, 96),
        sigma=sigma,
        unbiased=True,
        blur_kernel_size=9,
    )
    for sigma in (1.7, 2.3, 2.9, 3.8)
]
cpn_codec = cpn_targets[0]

cpn_estimator = dict(
    backbone=dict(out_indices=(0, 1, 2, 3)),
    neck=dict(type="GlobalNet", in_channels=(256, 512, 1024, 2048), out_channels=256),
    head=dict(_delete_=True, type="CPNHead", in_channels=256, out_channels=17, decoder=cpn_codec),
)

# Rotation by up to 45 degrees in half of the crops, scales of 0.7 to 1.35, flips: the authors'.
# Of each person they draw a crop, its mirror image and two rotated ones into one batch, which
# mmpose draws one by one. Choice: mmpose's random normal distribution of angles and scales.
cpn_pipeline = [
    dict(type="LoadImage"),
    dict(type="GetBBoxCenterScale"),
    dict(type="RandomFlip", direction="horizontal"),
    dict(
        type="RandomBBoxTransform",
        shift_prob=0.0,
        scale_factor=(0.7, 1.35),
        rotate_factor=45,
        rotate_prob=0.5,
    ),
    dict(type="TopdownAffine", input_size=cpn_codec["input_size"]),
    dict(type="GenerateTarget", multilevel=True, encoder=cpn_targets),
    dict(type="PackPoseInputs"),
]
