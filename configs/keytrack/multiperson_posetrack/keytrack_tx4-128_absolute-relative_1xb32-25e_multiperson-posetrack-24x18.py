# Table 3, row 5: both positions.
_base_ = "./keytrack_tx4-128_1xb32-25e_multiperson-posetrack-24x18.py"

model = dict(association=dict(similarity=dict(position=("absolute", "relative"))))
