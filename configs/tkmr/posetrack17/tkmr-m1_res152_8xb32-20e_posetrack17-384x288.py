# M1 of Table 3: cNMS, IoU; as far as the weights go, it is stage 1.
_base_ = "./tkmr-stage1_res152_8xb32-20e_posetrack17-384x288.py"

model = dict(
    box_source=_base_.faster_rcnn_r101_boxes,
    suppression=_base_.tkmr_cnms,
)
val_dataloader = dict(dataset=dict(box_source="detector"))
test_dataloader = val_dataloader
