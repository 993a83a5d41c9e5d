# Table 2, without duplicate removal.
_base_ = [
    "./oks-tracker_td-hm_2xbn-inception_8xb64-20e_posetrack17-384x288.py",
    "../../_base_/models/corrtrack.py",
]

model = dict(
    _delete_=True,
    estimator=_base_.estimator,
    frame_encoder=_base_.corr_encoder,
    **_base_.corr_tracker,
)
model["association"]["births"] = []
