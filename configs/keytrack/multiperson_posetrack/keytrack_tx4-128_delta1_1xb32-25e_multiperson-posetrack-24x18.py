# 5.1, number of timesteps: the frame before alone. Trains as its base with pairs of such frames.
_base_ = "./keytrack_tx4-128_1xb32-25e_multiperson-posetrack-24x18.py"

model = dict(association=dict(depth=dict(history=1), similarity=dict(max_distance=1)))
train_dataloader = dict(dataset=dict(delta=1))
