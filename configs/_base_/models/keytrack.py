# Pose entailment: a transformer says whether two poses of different frames are one person's, and a
# pose takes the id of the highest match (Snower et al., 15 Keypoints Is All You Need, CVPR 2020,
# 3.1, 3.2, A.4, A.5). The numbers are the paper's where no comment says otherwise.
model = dict(
    type="PoseOnlyTracker",
    association=dict(
        type="Association",
        similarity=dict(
            type="PoseEntailment",
            resolution=(24, 18),  # 432 position tokens
            max_distance=4,  # delta
            network=dict(num_layers=4, hidden=128, intermediate=128, num_heads=4, dropout=0.1),
        ),
        # history: delta; nearest: choice, the paper does not say how many its "n spatially
        # nearest" are
        depth=dict(type="History", history=4, nearest=5),
        min_similarity=0.5,  # choice: the class that the network finds more likely
        assignment=dict(type="GreedyAssignment"),
    ),
)
