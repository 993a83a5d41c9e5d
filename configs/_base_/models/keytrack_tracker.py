# KeyTrack with an estimator: detections and temporal OKS (3.3, A.4) in front of the matcher of
# keytrack.py, to be put over a config of oks_tracker.py with
#     model = dict(**_base_.keytrack)
#     val_evaluator = _base_.keytrack_evaluator
# The matcher's weights come from its own training:
#     --cfg-options model.association.similarity.checkpoint=FILE
keytrack = dict(
    box_score_thr=0.2,
    keypoint_score_thr=0.1,
    propagation=dict(type="TemporalOKS", oks_thr=0.35, alpha=1.25),
    association=dict(  # as in keytrack.py
        _delete_=True,
        type="Association",
        similarity=dict(
            type="PoseEntailment",
            resolution=(24, 18),
            max_distance=4,
            network=dict(num_layers=4, hidden=128, intermediate=128, num_heads=4, dropout=0.1),
        ),
        depth=dict(type="History", history=4, nearest=5),
        min_similarity=0.5,
        assignment=dict(type="GreedyAssignment"),
    ),
)

# Table 4: MOTA is highest where joints under 0.57 are left out. For AP nothing more is left out
# than the tracker's own 0.1, below which the paper found no gain.
keytrack_evaluator = dict(mota_score_thr=0.57)
