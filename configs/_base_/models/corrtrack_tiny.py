# CorrTrack's networks for two CPU cores: an HRNet of half the width of W32 with all its maps, and
# a refinement an eighth as wide as the paper's. They see images of 192 or 320 pixels.
corr_tiny_embedding = dict(
    type="CorrespondenceNetwork",
    data_preprocessor=dict(
        mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], bgr_to_rgb=True
    ),
    backbone=dict(
        type="HRNet",
        extra=dict(
            stage1=dict(
                num_modules=1,
                num_branches=1,
                block="BOTTLENECK",
                num_blocks=(1,),
                num_channels=(16,),
            ),
            stage2=dict(
                num_modules=1,
                num_branches=2,
                block="BASIC",
                num_blocks=(1, 1),
                num_channels=(16, 32),
            ),
            stage3=dict(
                num_modules=1,
                num_branches=3,
                block="BASIC",
                num_blocks=(1, 1, 1),
                num_channels=(16, 32, 64),
            ),
            stage4=dict(
                num_modules=1,
                num_branches=4,
                block="BASIC",
                num_blocks=(1, 1, 1, 1),
                num_channels=(16, 32, 64, 128),
                multiscale_output=True,
            ),
        ),
    ),
    neck=dict(type="FusedProjection", in_channels=(16, 32, 64, 128), out_channels=32),
)
corr_tiny_refinement = dict(
    type="CorrespondenceRefinement",
    body=dict(type="InceptionBody", width=0.125),
    decoder=dict(type="InceptionDecoder", in_channels=(80, 136)),
    embedding_channels=32,
    add_affinity=True,
)
corr_tiny_network = dict(corr_tiny_embedding, refinement=corr_tiny_refinement)
# Confidences of networks that are trained for minutes are low. Chosen on videos that neither
# training nor test sees (_tuning of tools/analysis_tools/corrtrack_ablation.py): 0.1 of 0.05, 0.1
# and 0.3.
corr_tiny_thr = 0.1
corr_tiny_merging = dict(
    type="CorrespondenceMerging", min_poses=3, corr_thr=corr_tiny_thr, min_similarity=0.2
)
corr_tiny_optim_wrapper = dict(optimizer=dict(type="Adam", lr=2e-3))
