# S Table 1: M7 with tau = 0: nothing is refined, so its checkpoint is M7's.
_base_ = "./tkmr-m5_res152_8xb8-9e_posetrack17-384x288.py"

model = dict(
    estimator=dict(
        refinement_head=dict(type="KeypointRefinementHead", **_base_.tkmr_resnet_modules),
    ),
    refinement=dict(_base_.tkmr_refinement, tau=0),
)
