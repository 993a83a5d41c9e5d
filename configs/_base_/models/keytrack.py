# KeyTrack (Snower et al., 15 Keypoints Is All You Need, CVPR 2020). The numbers are the paper's
# if no comment says otherwise.
#
# Pose entailment: a transformer predicts whether two poses of different frames are one person's,
# and a pose takes the id of its best match (3.1, 3.2, A.4, A.5). Its weights come from a training
# on poses alone: --cfg-options model.association.similarity.checkpoint=FILE
keytrack_association = dict(
    type="Association",
    similarity=dict(
        type="PoseEntailment",
        resolution=(24, 18),  # 432 position tokens
        max_distance=4,  # delta
        network=dict(num_layers=4, hidden=128, intermediate=128, num_heads=4, dropout=0.1),
    ),
    # history is delta; nearest is a choice, as the paper does not say how many its "n spatially
    # nearest" are
    depth=dict(type="History", history=4, nearest=5),
    min_similarity=0.5,  # choice: the class that the network finds more likely
    min_shared=0,  # the network knows which joints are there
    assignment=dict(type="GreedyAssignment"),
)

# With an estimator: thresholds and temporal OKS (3.3, A.4).
keytrack_tracker = dict(
    box_score_thr=0.2,
    keypoint_score_thr=0.1,
    propagation=dict(type="TemporalOKS", oks_thr=0.35, alpha=1.25),
)

# Table 4: MOTA is highest where joints under 0.57 are left out. For AP nothing more is left out
# than the tracker's own 0.1, below which the paper found no gain.
keytrack_evaluator = [dict(type="PoseTrackMetric", mota_score_thr=0.57)]
