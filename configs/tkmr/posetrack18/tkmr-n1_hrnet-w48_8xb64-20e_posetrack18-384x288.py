# N1 of Table 4: cNMS, IoU; as far as the weights go, it is stage 1.
_base_ = "./tkmr-stage1_hrnet-w48_8xb64-20e_posetrack18-384x288.py"

model = dict(
    box_source=_base_.faster_rcnn_x101_boxes,
    suppression=_base_.tkmr_cnms,
)
val_dataloader = dict(dataset=dict(box_source="detector"))
test_dataloader = val_dataloader
