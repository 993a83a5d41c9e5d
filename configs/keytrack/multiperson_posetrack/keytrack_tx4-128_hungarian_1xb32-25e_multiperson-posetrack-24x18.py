# 5.1: the Hungarian algorithm in place of the greedy choice. Trains as its base: test a checkpoint
# of that with it.
_base_ = "./keytrack_tx4-128_1xb32-25e_multiperson-posetrack-24x18.py"

model = dict(association=dict(assignment=dict(type="HungarianAssignment")))
