# Table 3, row 4: the position from the centre of the pose instead of that in the frame.
_base_ = "./keytrack_tx4-128_1xb32-25e_multiperson-posetrack-24x18.py"

model = dict(association=dict(similarity=dict(position=("relative",))))
