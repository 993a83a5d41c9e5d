# M6 of Table 3: M7 without context (self-refinement), in training and in testing.
_base_ = "./tkmr-m5_res152_8xb8-9e_posetrack17-384x288.py"

model = dict(
    estimator=dict(
        refinement_head=dict(type="KeypointRefinementHead", **_base_.tkmr_resnet_modules),
        temporal_loss=dict(context=False),
    ),
    refinement=dict(_base_.tkmr_refinement, context=False),
)
