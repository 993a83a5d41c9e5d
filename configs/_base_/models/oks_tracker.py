# A pose tracker around any top-down estimator:
#     model = dict(_delete_=True, estimator=_base_.model, **_base_.tracker)
#
# Choice, on the 30 training videos of Multi-Person PoseTrack with simulated errors: id switches of
# joints, in every frame / in every third, are 2.46 % / 2.85 % with the published OKS and a life of
# 3 frames, 1.51 / 1.32 with MotionOKSSimilarity, and 0.65 / 0.86 with ConfirmedLife too. A least
# similarity of 0.05, 0.07 or 0.1 and a life of 8 or 16 frames differ by 0.1 at most.
oks_association = dict(
    type="Association",
    similarity=dict(type="MotionOKSSimilarity"),
    min_similarity=0.1,
    life=dict(type="ConfirmedLife", confirm_length=3, tentative_age=2, max_age=8),
)

# The same as published (Xiao et al., ECCV 2018, without its flow): OKS over the joints that both
# poses have, of people who stand still.
published_oks_association = dict(
    type="Association",
    similarity=dict(type="OKSSimilarity", missing_joints="ignore"),
    min_similarity=0.1,
    min_shared=0,
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
