# Confidences are the affinities within a cell: the same checkpoint, without its refinement.
_base_ = "./corrtrack_hrnet-tiny_synthetic-128x96.py"

model = dict(frame_encoder=dict(network=dict(refinement=None)))
