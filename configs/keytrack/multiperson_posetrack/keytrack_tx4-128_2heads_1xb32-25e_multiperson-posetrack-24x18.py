# Table 7: 2 heads.
_base_ = "./keytrack_tx4-128_1xb32-25e_multiperson-posetrack-24x18.py"

model = dict(association=dict(similarity=dict(network=dict(num_heads=2))))
