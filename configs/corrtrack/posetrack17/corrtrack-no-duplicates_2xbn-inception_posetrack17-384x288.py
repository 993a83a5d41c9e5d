# Table 2, without duplicate removal.
_base_ = "./corrtrack_2xbn-inception_posetrack17-384x288.py"

model = dict(association=dict(births=[]))
