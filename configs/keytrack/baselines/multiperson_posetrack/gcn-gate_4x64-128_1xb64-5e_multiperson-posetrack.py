# The network decides about all pairs that are near: box centres at most half a diagonal apart.
# Trains as its base, whose checkpoint can be tested with it.
_base_ = "./gcn_4x64-128_1xb64-5e_multiperson-posetrack.py"

model = dict(
    association=dict(
        similarity=dict(min_iou=None),
        gates=[dict(type="CenterDistanceGate", max_distance=0.5)],
        min_similarity=0.3,  # exp(-d / margin) of d = 1.2 margins, as in the base
    )
)
