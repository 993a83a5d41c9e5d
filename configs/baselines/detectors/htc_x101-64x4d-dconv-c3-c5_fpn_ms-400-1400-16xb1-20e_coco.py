_base_ = "mmdet::htc/htc_x101-64x4d-dconv-c3-c5_fpn_ms-400-1400-16xb1-20e_coco.py"

# mmdet's weights, to be given to DetectorBoxes as its checkpoint (box AP 50.4 on COCO val)
load_from = (
    "https://download.openmmlab.com/mmdetection/v2.0/htc/"
    "htc_x101_64x4d_fpn_dconv_c3-c5_mstrain_400_1400_16x1_20e_coco/"
    "htc_x101_64x4d_fpn_dconv_c3-c5_mstrain_400_1400_16x1_20e_coco_20200312-946fd751.pth"
)
