# M7: TKM and refinement with context, tau = 5.
_base_ = "./tkmr-m5_hrnet-tiny_synthetic-128x96.py"

model = dict(
    estimator=dict(refinement_head=dict(type="KeypointRefinementHead", **_base_.tiny_modules)),
    refinement=dict(type="TemporalRefinement", tau=5, num_candidates=8),
)
