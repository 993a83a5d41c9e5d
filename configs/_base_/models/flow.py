# OKS with the pose of the earlier frame moved by dense optical flow, as in Simple Baselines (Xiao
# et al., ECCV 2018), with OpenCV's DIS flow. Track life, and joints
# that only one pose has, as in published_oks_association of oks_tracker.py:
#     model = dict(association=dict(_delete_=True, **_base_.flow_association))
flow_association = dict(
    type="Association",
    similarity=dict(
        type="FlowSimilarity", preset="medium", long_edge=512, missing_joints="ignore"
    ),
    min_similarity=0.1,
    min_shared=0,
    life=dict(max_age=3),
)
