_base_ = "../../baselines/detectors/faster-rcnn_r101-dconv-c3-c5_fpn_1x_coco.py"

# pNMS of the poses decides about people who are close together, not this.
model = dict(test_cfg=dict(rcnn=dict(nms=dict(type="nms", iou_threshold=0.8))))
