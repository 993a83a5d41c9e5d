# Table 7: 2 layers, intermediate size 512.
_base_ = "./keytrack_tx4-128_1xb32-25e_multiperson-posetrack-24x18.py"

model = dict(association=dict(similarity=dict(network=dict(num_layers=2, intermediate=512))))
