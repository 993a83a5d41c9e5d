# Table 3, row 1: position and type. The network cannot tell which pose is earlier.
_base_ = "./keytrack_tx4-128_1xb32-25e_multiperson-posetrack-24x18.py"

model = dict(association=dict(similarity=dict(use_segment=False)))
