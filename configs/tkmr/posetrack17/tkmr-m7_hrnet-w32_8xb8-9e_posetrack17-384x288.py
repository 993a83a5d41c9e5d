# M7 of Table 3 with HRNet-W32 (no row of the paper): M9 with M7's detector and that backbone.
_base_ = "./tkmr-m9_hrnet-w48_8xb8-9e_posetrack17-384x288.py"

model = dict(
    estimator=dict(
        backbone=dict(
            extra=dict(
                stage2=dict(num_channels=(32, 64)),
                stage3=dict(num_channels=(32, 64, 128)),
                stage4=dict(num_channels=(32, 64, 128, 256)),
            )
        ),
        head=dict(in_channels=32),
        matching_head=_base_.tkmr_hrnet_w32_modules,
        refinement_head=_base_.tkmr_hrnet_w32_modules,
    ),
    box_source=_base_.tkmr_r101_pnms,
)
custom_hooks = [
    dict(
        type="LoadStage1Hook",
        checkpoint="work_dirs/tkmr-stage1_hrnet-w32_8xb64-20e_posetrack17-384x288/epoch_20.pth",
    ),
]
