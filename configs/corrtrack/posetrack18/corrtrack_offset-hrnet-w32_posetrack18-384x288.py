# CorrTrack's parts with HRNet-W32 in both networks (choice, not in the paper).
_base_ = [
    "./oks-tracker_td-hm_offset-hrnet-w32_8xb64-20e_posetrack18-384x288.py",
    "../../_base_/models/corrtrack.py",
]

model = dict(
    _delete_=True,
    estimator=_base_.estimator,
    frame_encoder=_base_.corr_hrnet_encoder,
    **_base_.corr_tracker,
)
