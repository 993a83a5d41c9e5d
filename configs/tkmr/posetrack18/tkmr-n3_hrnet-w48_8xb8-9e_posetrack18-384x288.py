# N3 of Table 4: pNMS, TBM (one feature a body). Stage 2, matching alone.
_base_ = "./tkmr-n4_hrnet-w48_8xb8-9e_posetrack18-384x288.py"

model = dict(
    estimator=dict(matching_head=dict(type="BodyMatchingHead")),
    association=dict(_delete_=True, **_base_.tkmr_tbm_association),
)
