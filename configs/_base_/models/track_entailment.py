# The matcher that the package ships: it predicts for each pose whether it continues a track. It
# replaces another association:
#     model = dict(association=dict(_delete_=True, **_base_.shipped_association), min_length=3)
track_entailment_association = dict(
    type="Association",
    life=dict(type="ConfirmedLife", confirm_length=3, tentative_age=2, max_age=12),
    min_similarity=0.03,
    assignment=dict(type="LogOddsAssignment", chance=0.03),
    similarity=dict(
        type="TrackEntailment",
        history=6,
        network=dict(hidden=96, intermediate=192, num_layers=3, num_heads=4, dropout=0.0),
    ),
)

# The same with the weights that come with the package.
shipped_association = dict(
    track_entailment_association,
    similarity=dict(
        track_entailment_association["similarity"], checkpoint="shipped:track_entailment"
    ),
)
