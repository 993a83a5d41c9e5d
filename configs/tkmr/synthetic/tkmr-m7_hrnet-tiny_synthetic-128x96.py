# M7: TKM and refinement with context, tau = 2, see M5.
_base_ = "./tkmr-m5_hrnet-tiny_synthetic-128x96.py"

model = dict(
    estimator=dict(
        refinement_head=_base_.tkmr_tiny_refinement_head,
        temporal_loss=dict(context_weight=_base_.tkmr_tiny_refinement.context_weight),
    ),
    refinement=_base_.tkmr_tiny_refinement,
)
