_base_ = "./oks-tracker_td-hm_hrnet-w48_8xb64-20e_posetrack18-384x288.py"

# People are found by a detector, in the validation of a training too.
model = dict(
    box_source=dict(
        type="DetectorBoxes",
        config="configs/baselines/detectors/faster-rcnn_r101-dconv-c3-c5_fpn_1x_coco.py",
        checkpoint=(
            "https://download.openmmlab.com/mmdetection/v2.0/dcn/"
            "faster_rcnn_r101_fpn_dconv_c3-c5_1x_coco/"
            "faster_rcnn_r101_fpn_dconv_c3-c5_1x_coco_20200203-1377f13d.pth"
        ),
    )
)
val_dataloader = dict(dataset=dict(box_source="detector", bbox_file=None))
test_dataloader = val_dataloader
