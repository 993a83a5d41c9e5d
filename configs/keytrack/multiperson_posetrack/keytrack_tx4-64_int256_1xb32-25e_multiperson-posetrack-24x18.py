# Table 7: hidden size 64, intermediate size 256.
_base_ = "./keytrack_tx4-128_1xb32-25e_multiperson-posetrack-24x18.py"

model = dict(association=dict(similarity=dict(network=dict(hidden=64, intermediate=256))))
