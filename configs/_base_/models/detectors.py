# mmdet's detectors, trained on COCO, as the source of a tracker's boxes:
#     model = dict(box_source=_base_.faster_rcnn_r101_boxes)
#     val_dataloader = dict(dataset=dict(box_source="detector", bbox_file=None))
faster_rcnn_r101_boxes = dict(
    type="DetectorBoxes",
    config="configs/baselines/detectors/faster-rcnn_r101-dconv-c3-c5_fpn_1x_coco.py",
    checkpoint=(
        "https://download.openmmlab.com/mmdetection/v2.0/dcn/"
        "faster_rcnn_r101_fpn_dconv_c3-c5_1x_coco/"
        "faster_rcnn_r101_fpn_dconv_c3-c5_1x_coco_20200203-1377f13d.pth"
    ),
)
faster_rcnn_x101_boxes = dict(
    type="DetectorBoxes",
    config="configs/baselines/detectors/faster-rcnn_x101-32x4d-dconv-c3-c5_fpn_1x_coco.py",
    checkpoint=(
        "https://download.openmmlab.com/mmdetection/v2.0/dcn/"
        "faster_rcnn_x101_32x4d_fpn_dconv_c3-c5_1x_coco/"
        "faster_rcnn_x101_32x4d_fpn_dconv_c3-c5_1x_coco_20200203-4f85c69c.pth"
    ),
)
# KeyTrack's detector (A.5), but tested at one scale, and not trained on PoseTrack.
htc_boxes = dict(
    type="DetectorBoxes",
    config="configs/baselines/detectors/htc_x101-64x4d-dconv-c3-c5_fpn_ms-400-1400-16xb1-20e_coco.py",
    checkpoint=(
        "https://download.openmmlab.com/mmdetection/v2.0/htc/"
        "htc_x101_64x4d_fpn_dconv_c3-c5_mstrain_400_1400_16x1_20e_coco/"
        "htc_x101_64x4d_fpn_dconv_c3-c5_mstrain_400_1400_16x1_20e_coco_20200312-946fd751.pth"
    ),
)

# For TKMR's pNMS the detector itself suppresses from an IoU of 0.8 only, so that the poses of
# people close together are compared (choice; the paper's detectors are not described).
tkmr_r101_boxes = dict(
    faster_rcnn_r101_boxes,
    config="configs/tkmr/detectors/faster-rcnn_r101-dconv-c3-c5_fpn_nms-0.8.py",
)
tkmr_x101_boxes = dict(
    faster_rcnn_x101_boxes,
    config="configs/tkmr/detectors/faster-rcnn_x101-32x4d-dconv-c3-c5_fpn_nms-0.8.py",
)
