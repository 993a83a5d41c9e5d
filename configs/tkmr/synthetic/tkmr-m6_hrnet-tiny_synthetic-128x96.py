# M6: M7 without context (self-refinement), in training and in testing.
_base_ = "./tkmr-m7_hrnet-tiny_synthetic-128x96.py"

model = dict(
    estimator=dict(temporal_loss=dict(context=False, context_weight=1.0)),
    refinement=dict(context=False, context_weight=1.0),
)
