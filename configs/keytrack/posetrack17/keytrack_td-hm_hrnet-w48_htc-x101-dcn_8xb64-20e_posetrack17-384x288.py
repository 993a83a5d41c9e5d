_base_ = [
    "../../baselines/posetrack17/oks-tracker_td-hm_hrnet-w48_8xb64-20e_posetrack17-384x288.py",
    "../../_base_/models/keytrack.py",
    "../../_base_/models/detectors.py",
]

model = dict(
    box_source=_base_.htc_boxes,
    association=dict(_delete_=True, **_base_.keytrack_association),
    **_base_.keytrack_tracker,
)
val_dataloader = dict(dataset=dict(box_source="detector"))
test_dataloader = val_dataloader
val_evaluator = _base_.keytrack_evaluator
test_evaluator = val_evaluator
