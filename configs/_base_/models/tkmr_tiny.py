# The second stage of TKMR on the small HRNet of td-hm_hrnet-tiny_128x96.py.
#
# One block, an eighth of the channels, and 8 candidates per heatmap of 32x24. Matching works on
# the backbone's first layer, which still encodes how people look, and most of the negatives are
# other people. Three blocks learn slower: after 600 iterations a cross entropy of 0.32 (from a
# common initialisation) whereas one block has 0.29.
tkmr_tiny_matching = dict(in_channels=64, in_index=0, channels=32, upsample=(1,))
tkmr_tiny_estimator = dict(
    type="TemporalPoseEstimator",
    frozen=("backbone", "head"),
    backbone=dict(type="StemHRNet"),
    matching_head=dict(type="KeypointMatchingHead", **tkmr_tiny_matching),
    temporal_loss=dict(type="TemporalKeypointLoss", num_candidates=8, identity_share=0.9),
    describers=[dict(type="KeypointDescriber", num_candidates=8)],
)

# The probabilities W of a small matcher scatter (0.23 to 0.89 for the middle four fifths of right
# places), and the plain sum of Eq. 6 over four neighbours says more about them than about the
# place (README of TKMR), so the context weighs a tenth.
tkmr_tiny_refinement_head = dict(
    type="KeypointRefinementHead", in_channels=16, channels=64, upsample=(1,)
)
tkmr_tiny_refinement = dict(type="TemporalRefinement", tau=2, num_candidates=8, context_weight=0.1)

tkmr_tiny_codec = dict(type="MSRAHeatmap", input_size=(96, 128), heatmap_size=(24, 32), sigma=1.5)
tkmr_tiny_clip_pipeline = [
    dict(type="GetBBoxCenterScale"),
    dict(type="RandomBBoxTransform", rotate_factor=30, scale_factor=(0.8, 1.25)),
    dict(type="TopdownAffine", input_size=tkmr_tiny_codec["input_size"]),
    dict(type="GenerateTarget", encoder=tkmr_tiny_codec),
    dict(type="LocateKeypoints", encoder=tkmr_tiny_codec),
    dict(type="PackPoseInputs"),
]
