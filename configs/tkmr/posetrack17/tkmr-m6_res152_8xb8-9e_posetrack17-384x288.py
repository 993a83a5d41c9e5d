# M6 of Table 3: M7 without context (self-refinement); M7's checkpoint is its own.
_base_ = "./tkmr-m7_res152_8xb8-9e_posetrack17-384x288.py"

model = dict(refinement=dict(context=False))
