_base_ = "mmdet::dcn/faster-rcnn_r101-dconv-c3-c5_fpn_1x_coco.py"

# mmdet's weights, to be given to DetectorBoxes as its checkpoint (box AP 42.7 on COCO val)
load_from = (
    "https://download.openmmlab.com/mmdetection/v2.0/dcn/"
    "faster_rcnn_r101_fpn_dconv_c3-c5_1x_coco/"
    "faster_rcnn_r101_fpn_dconv_c3-c5_1x_coco_20200203-1377f13d.pth"
)
