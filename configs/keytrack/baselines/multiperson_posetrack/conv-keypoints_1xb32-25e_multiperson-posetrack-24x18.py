# KeyTrack's Figure 7 at 24 x 18: a convolutional network instead of the transformer, on coloured
# dots at the keypoints. Tracking, data and schedule are those of the transformer (A.5).
_base_ = "../../multiperson_posetrack/keytrack_tx4-128_1xb32-25e_multiperson-posetrack-24x18.py"

model = dict(
    association=dict(
        similarity=dict(
            _delete_=True, type="ConvEntailment", source="keypoints", resolution=(24, 18)
        )
    )
)
