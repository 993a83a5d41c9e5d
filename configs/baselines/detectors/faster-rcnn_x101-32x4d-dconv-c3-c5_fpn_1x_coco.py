_base_ = "mmdet::dcn/faster-rcnn_x101-32x4d-dconv-c3-c5_fpn_1x_coco.py"

# mmdet's weights, to be given to DetectorBoxes as its checkpoint (box AP 44.5 on COCO val)
load_from = (
    "https://download.openmmlab.com/mmdetection/v2.0/dcn/"
    "faster_rcnn_x101_32x4d_fpn_dconv_c3-c5_1x_coco/"
    "faster_rcnn_x101_32x4d_fpn_dconv_c3-c5_1x_coco_20200203-4f85c69c.pth"
)
