# The memory of PTM on the small HRNet of td-hm_hrnet-tiny_128x96.py, for two CPU cores. Queries
# and entries are pooled by 2: 16 x 12 cells of its 32 x 24 (h x w).
#
# Thresholds of writing, by memory_thresholds.py on 1,000 people of the training videos and the
# first network (choice): of the joints above 1.06, 96 % are right; of those below 0.85, some 35 %;
# a sum of 15 is exceeded by 95 % of the people who were found well. (The tool's own low_thr, below
# which half of the joints are right, is 1.03, and would replace three of five joints.)
ptm_tiny_neck = dict(
    type="PoseTemporalMemory",
    in_channels=16,
    embed_channels=32,
    num_heads=4,
    read_stride=2,
    capacity=16,
    blur_kernel=5,
    high_thr=1.06,
    low_thr=0.85,
    heatmap_thr=15.0,
)
ptm_tiny_codec = dict(type="MSRAHeatmap", input_size=(96, 128), heatmap_size=(24, 32), sigma=1.5)
ptm_tiny_clip_pipeline = [
    dict(type="GetBBoxCenterScale"),
    dict(type="RandomBBoxTransform", rotate_factor=20, scale_factor=(0.85, 1.18)),
    dict(type="TopdownAffine", input_size=ptm_tiny_codec["input_size"]),
    dict(type="GenerateTarget", encoder=ptm_tiny_codec),
    dict(type="PackPoseInputs"),
]
