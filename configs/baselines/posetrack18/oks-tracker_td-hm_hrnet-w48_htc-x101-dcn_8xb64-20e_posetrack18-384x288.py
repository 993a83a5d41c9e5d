_base_ = "./oks-tracker_td-hm_hrnet-w48_8xb64-20e_posetrack18-384x288.py"

# People are found by a detector, in the validation of a training too.
model = dict(
    box_source=dict(
        type="DetectorBoxes",
        config="configs/baselines/detectors/htc_x101-64x4d-dconv-c3-c5_fpn_ms-400-1400-16xb1-20e_coco.py",
        checkpoint=(
            "https://download.openmmlab.com/mmdetection/v2.0/htc/"
            "htc_x101_64x4d_fpn_dconv_c3-c5_mstrain_400_1400_16x1_20e_coco/"
            "htc_x101_64x4d_fpn_dconv_c3-c5_mstrain_400_1400_16x1_20e_coco_20200312-946fd751.pth"
        ),
    )
)
val_dataloader = dict(dataset=dict(box_source="detector", bbox_file=None))
test_dataloader = val_dataloader
