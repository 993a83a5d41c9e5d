# M6: M7 without context (self-refinement); M7's checkpoint is its own.
_base_ = "./tkmr-m7_hrnet-tiny_synthetic-128x96.py"

model = dict(refinement=dict(context=False))
