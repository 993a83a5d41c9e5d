# N5 of Table 4: N6 without context (self-refinement); N6's checkpoint is its own.
_base_ = "./tkmr-n6_hrnet-w48_8xb8-9e_posetrack18-384x288.py"

model = dict(refinement=dict(context=False))
