# People are found by HTC, to be put in place with
#     model = dict(box_source=_base_.htc_boxes)
#     val_dataloader = dict(dataset=dict(box_source="detector", bbox_file=None))
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
