_base_ = [
    "../../../baselines/posetrack18/oks-tracker_td-hm_hrnet-w48_8xb64-20e_posetrack18-384x288.py",
    "../../../_base_/models/flow_tracker.py",
]

model = dict(association=_base_.flow_association)
