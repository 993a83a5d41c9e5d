# N5 of Table 4: N6 without context (self-refinement), in training and in testing.
_base_ = "./tkmr-n6_hrnet-w48_8xb8-9e_posetrack18-384x288.py"

model = dict(
    estimator=dict(temporal_loss=dict(context=False)),
    refinement=dict(context=False),
)
