# N5 of Table 4: N6 without context (self-refinement), in training and in testing.
_base_ = "./tkmr-n4_hrnet-w48_8xb8-9e_posetrack18-384x288.py"

model = dict(
    estimator=dict(
        refinement_head=dict(type="KeypointRefinementHead", **_base_.tkmr_hrnet_w48_modules),
        temporal_loss=dict(context=False),
    ),
    refinement=dict(_base_.tkmr_refinement, context=False),
)
