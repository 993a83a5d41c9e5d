# M2 of Table 3: pNMS, IoU.
_base_ = "./tkmr-stage1_res152_8xb32-20e_posetrack17-384x288.py"

model = dict(box_source=_base_.tkmr_r101_boxes)
val_dataloader = dict(dataset=dict(box_source="detector"))
test_dataloader = val_dataloader
