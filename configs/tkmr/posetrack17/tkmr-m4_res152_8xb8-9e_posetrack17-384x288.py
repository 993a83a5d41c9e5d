# M4 of Table 3: pNMS, TBM (one feature a body). Stage 2, matching alone.
_base_ = "./tkmr-m5_res152_8xb8-9e_posetrack17-384x288.py"

model = dict(
    estimator=dict(matching_head=dict(type="BodyMatchingHead")),
    association=dict(_delete_=True, **_base_.tkmr_tbm_association),
)
