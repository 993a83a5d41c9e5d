# Table 2: vanilla attention everywhere, in training and in testing; tested on the crowd subset,
# the videos with more than 8 people in the mean over their frames.
_base_ = "./ptm-16_cpn-res101_8xb4-3e_posetrack18-384x288.py"

model = dict(estimator=dict(neck=dict(memory=dict(attention="vanilla"))))
val_dataloader = dict(dataset=dict(crowd_size=8))
test_dataloader = val_dataloader
