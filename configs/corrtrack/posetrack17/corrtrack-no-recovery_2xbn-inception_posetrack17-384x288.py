# Without recovery of missed people.
_base_ = "./corrtrack_2xbn-inception_posetrack17-384x288.py"

model = dict(propagation=None)
