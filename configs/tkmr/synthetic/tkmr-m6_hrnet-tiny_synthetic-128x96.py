# M6: M7 without context (self-refinement), in training and in testing.
_base_ = "./tkmr-m5_hrnet-tiny_synthetic-128x96.py"

without = dict(context=False, context_weight=1.0)
model = dict(
    estimator=dict(refinement_head=_base_.tkmr_tiny_refinement_head, temporal_loss=without),
    refinement=dict(_base_.tkmr_tiny_refinement, **without),
)
