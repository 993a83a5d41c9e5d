_base_ = [
    "../../../baselines/posetrack18/oks-tracker_td-hm_hrnet-w48_8xb64-20e_posetrack18-384x288.py",
    "../../../_base_/models/flow.py",
]

model = dict(association=dict(_delete_=True, **_base_.flow_association))
