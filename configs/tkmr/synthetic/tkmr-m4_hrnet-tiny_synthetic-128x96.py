# M4: pNMS, TBM (one feature per body). Stage 2, matching alone.
_base_ = "./tkmr-m5_hrnet-tiny_synthetic-128x96.py"

model = dict(
    estimator=dict(
        matching_head=dict(_delete_=True, type="BodyMatchingHead", **_base_.tkmr_tiny_matching)
    ),
    association=dict(_delete_=True, **_base_.tkmr_tbm_association),
)
