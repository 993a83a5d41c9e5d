# The graph network on keypoints of LightTrack (Ning et al., arXiv 1905.02822), with its order of
# decisions: boxes that overlap belong together, and the network decides for the rest.
gcn_association = dict(
    type="Association",
    similarity=dict(
        type="GCNSimilarity",
        channels=(64, 64, 128, 128),
        embed_dims=128,
        margin=1.0,
        min_iou=0.3,  # LightTrack's
    ),
    # choice: exp(-d / margin) / 2 of d = 1.2 margins, on six training videos held out;
    # LightTrack has one margin
    min_similarity=0.15,
    min_shared=0,
    life=dict(max_age=3),  # choice, as the other baselines
)
