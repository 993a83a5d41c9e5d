# Section 3.2: without keypoint feature replacement, in training and in testing.
_base_ = "./ptm-16_cpn-res101_8xb4-3e_posetrack18-384x288.py"

model = dict(estimator=dict(neck=dict(memory=dict(replacement=False))))
