# M8 of Table 3: M7 with the stronger detector.
_base_ = "./tkmr-m5_res152_8xb8-9e_posetrack17-384x288.py"

model = dict(
    estimator=dict(
        refinement_head=dict(type="KeypointRefinementHead", **_base_.tkmr_resnet_modules),
    ),
    box_source=_base_.tkmr_x101_boxes,
    refinement=_base_.tkmr_refinement,
)
