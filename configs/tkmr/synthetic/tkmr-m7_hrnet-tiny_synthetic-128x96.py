# M7: TKM and refinement with context, tau = 2, see M5.
_base_ = "./tkmr-m5_hrnet-tiny_synthetic-128x96.py"

model = dict(
    estimator=dict(
        refinement_head=dict(
            type="KeypointRefinementHead", in_channels=16, channels=32, upsample=(1, 1, 1)
        )
    ),
    refinement=dict(type="TemporalRefinement", tau=2, num_candidates=8),
)
