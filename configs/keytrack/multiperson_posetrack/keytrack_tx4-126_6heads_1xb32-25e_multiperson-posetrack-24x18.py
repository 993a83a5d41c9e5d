# Table 7: 6 heads. Choice: the row's hidden size 128 does not divide by 6, 126 does.
_base_ = "./keytrack_tx4-128_1xb32-25e_multiperson-posetrack-24x18.py"

model = dict(association=dict(similarity=dict(network=dict(hidden=126, num_heads=6))))
