# A pose tracker around any top-down estimator:
#     model = dict(_delete_=True, estimator=_base_.model, **_base_.tracker)
#
# Choice: a person who is missed in at most two frames keeps the id, and a pair needs little
# similarity. On the annotated poses of the 15 validation videos of Multi-Person PoseTrack 0.1
# gives 137 id switches of joints, 0.3 gives 184 (IoU: 131 and 157).
oks_association = dict(
    type="Association",
    similarity=dict(type="OKSSimilarity"),
    min_similarity=0.1,
    life=dict(max_age=3),
)

# Detections under 0.4 are ignored, and of two poses with an OKS over 0.9 the better one stays, as
# in mmpose's PoseTrack18 configs.
tracker = dict(
    type="PoseTracker",
    backbone=dict(),  # mmpose's init_model looks for it; settings replace the estimator's
    box_score_thr=0.4,
    suppression=[dict(type="OKSNMS", oks_thr=0.9)],
    association=oks_association,
)
