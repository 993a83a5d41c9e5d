# Nobody is looked for whom the detector missed.
_base_ = "./corrtrack_hrnet-tiny_synthetic-128x96.py"

model = dict(propagation=None)
