# M7 of Table 3: TKM and refinement with context, tau = 5.
_base_ = "./tkmr-m5_res152_8xb8-9e_posetrack17-384x288.py"

model = dict(
    estimator=dict(
        refinement_head=dict(type="KeypointRefinementHead", **_base_.tkmr_resnet_modules),
    ),
    refinement=_base_.tkmr_refinement,
)
