# Table 3, row 2: position and segment. The network cannot distinguish one joint from another.
_base_ = "./keytrack_tx4-128_1xb32-25e_multiperson-posetrack-24x18.py"

model = dict(association=dict(similarity=dict(use_type=False)))
