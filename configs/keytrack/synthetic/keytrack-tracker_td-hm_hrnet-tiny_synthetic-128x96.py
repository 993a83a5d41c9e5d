# The matcher that the package ships, on the estimator of the OKS tracker; make demo compares them.
_base_ = [
    "../../baselines/synthetic/oks-tracker_td-hm_hrnet-tiny_synthetic-128x96.py",
    "../../_base_/models/track_entailment.py",
]

model = dict(association=dict(_delete_=True, **_base_.shipped_association))
