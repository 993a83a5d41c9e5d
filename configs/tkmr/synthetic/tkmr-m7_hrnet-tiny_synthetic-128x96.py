# M7: TKM and refinement with context, tau = 2, see M5. The probabilities W of a small matcher
# scatter (0.23 to 0.89 for the middle four fifths of right places), and the plain sum of Eq. 6
# over four neighbours says more about them than about the place (README).
_base_ = "./tkmr-m5_hrnet-tiny_synthetic-128x96.py"

context_weight = 0.1
model = dict(
    estimator=dict(
        refinement_head=dict(
            type="KeypointRefinementHead", in_channels=16, channels=64, upsample=(1,)
        ),
        temporal_loss=dict(context_weight=context_weight),
    ),
    refinement=dict(
        type="TemporalRefinement", tau=2, num_candidates=8, context_weight=context_weight
    ),
)
