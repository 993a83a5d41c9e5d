# N2 of Table 4: pNMS, IoU.
_base_ = "./tkmr-stage1_hrnet-w48_8xb64-20e_posetrack18-384x288.py"

model = dict(box_source=_base_.tkmr_x101_boxes)
val_dataloader = dict(dataset=dict(box_source="detector"))
test_dataloader = val_dataloader
