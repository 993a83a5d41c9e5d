# Table 7: 4 layers, intermediate size 512.
_base_ = "./keytrack_tx4-128_1xb32-25e_multiperson-posetrack-24x18.py"

model = dict(association=dict(similarity=dict(network=dict(intermediate=512))))
