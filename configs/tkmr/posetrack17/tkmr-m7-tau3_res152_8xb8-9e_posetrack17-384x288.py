# S Table 1: M7 with tau = 3.
_base_ = "./tkmr-m7_res152_8xb8-9e_posetrack17-384x288.py"

model = dict(refinement=dict(tau=3))
train_dataloader = dict(dataset=dict(draw=dict(tau=3)))
