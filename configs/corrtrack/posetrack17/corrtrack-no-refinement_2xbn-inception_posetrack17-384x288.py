# Table 2, without the refinement module.
_base_ = "./corrtrack_2xbn-inception_posetrack17-384x288.py"

model = dict(frame_encoder=dict(network=dict(refinement=None)))
