# N6 of Table 4: TKM and refinement with context, tau = 5.
_base_ = "./tkmr-n4_hrnet-w48_8xb8-9e_posetrack18-384x288.py"

model = dict(
    estimator=dict(
        refinement_head=dict(type="KeypointRefinementHead", **_base_.tkmr_hrnet_w48_modules),
    ),
    refinement=_base_.tkmr_refinement,
)
