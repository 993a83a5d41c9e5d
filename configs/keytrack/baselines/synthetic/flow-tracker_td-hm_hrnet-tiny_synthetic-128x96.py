_base_ = [
    "../../../baselines/synthetic/oks-tracker_td-hm_hrnet-tiny_synthetic-128x96.py",
    "../../../_base_/models/flow_tracker.py",
]

model = dict(association=_base_.flow_association)
