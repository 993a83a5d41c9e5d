# A tracker of known poses that asks of each pose whether it follows a track: the parts that the
# shipped matcher is trained with and those that use it.
model = dict(
    type="PoseOnlyTracker",
    # Tracks with one or two poses are mostly people found twice or where nobody is (choice).
    min_length=3,
    association=dict(
        type="Association",
        life=dict(type="ConfirmedLife", confirm_length=3, tentative_age=2, max_age=12),
        min_similarity=0.03,
        assignment=dict(type="LogOddsAssignment", chance=0.03),
        similarity=dict(
            type="TrackEntailment",
            history=6,
            network=dict(hidden=96, intermediate=192, num_layers=3, num_heads=4, dropout=0.0),
        ),
    ),
)
