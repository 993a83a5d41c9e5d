# The detectors of TKMR's tables: Faster R-CNN with FPN and DCN, of mmdet, trained on COCO. The
# paper fine-tunes them on PoseTrack; no such weights are published. For pNMS the detector itself
# suppresses from an IoU of 0.8 only, so that the poses of people close together are compared
# (choice; the paper's detectors are not described).
tkmr_r101_weights = (
    "https://download.openmmlab.com/mmdetection/v2.0/dcn/faster_rcnn_r101_fpn_dconv_c3-c5_1x_coco/"
    "faster_rcnn_r101_fpn_dconv_c3-c5_1x_coco_20200203-1377f13d.pth"
)
tkmr_x101_weights = (
    "https://download.openmmlab.com/mmdetection/v2.0/dcn/"
    "faster_rcnn_x101_32x4d_fpn_dconv_c3-c5_1x_coco/"
    "faster_rcnn_x101_32x4d_fpn_dconv_c3-c5_1x_coco_20200203-4f85c69c.pth"
)
tkmr_r101_cnms = dict(
    type="DetectorBoxes",
    config="configs/baselines/detectors/faster-rcnn_r101-dconv-c3-c5_fpn_1x_coco.py",
    checkpoint=tkmr_r101_weights,
)
tkmr_r101_pnms = dict(
    type="DetectorBoxes",
    config="configs/tkmr/detectors/faster-rcnn_r101-dconv-c3-c5_fpn_nms-0.8.py",
    checkpoint=tkmr_r101_weights,
)
tkmr_x101_cnms = dict(
    type="DetectorBoxes",
    config="configs/baselines/detectors/faster-rcnn_x101-32x4d-dconv-c3-c5_fpn_1x_coco.py",
    checkpoint=tkmr_x101_weights,
)
tkmr_x101_pnms = dict(
    type="DetectorBoxes",
    config="configs/tkmr/detectors/faster-rcnn_x101-32x4d-dconv-c3-c5_fpn_nms-0.8.py",
    checkpoint=tkmr_x101_weights,
)
