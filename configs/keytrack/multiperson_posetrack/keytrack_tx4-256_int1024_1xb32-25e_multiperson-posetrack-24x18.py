# Table 7: hidden size 256, intermediate size 1024.
_base_ = "./keytrack_tx4-128_1xb32-25e_multiperson-posetrack-24x18.py"

model = dict(association=dict(similarity=dict(network=dict(hidden=256, intermediate=1024))))
