# KeyTrack's Table 2 on synthetic videos and the boxes of a simulated detector: the first row, no
# propagation. The data:
#     for split in train val; do python tools/dataset_converters/make_synthetic_posetrack.py \
#         data/synthetic_posetrack --split $split --detections 0.05,0.1,0.05,0.2; done
_base_ = "../../baselines/synthetic/oks-tracker_td-hm_hrnet-tiny_synthetic-128x96.py"

model = dict(
    box_score_thr=0.2,
    keypoint_score_thr=0.1,
    # Choice: the poses that this estimator finds in two boxes of one person differ more than those
    # of a large one.
    suppression=[dict(type="OKSNMS", oks_thr=0.7)],
)
val_dataloader = dict(dataset=dict(box_source="file", bbox_file="annotations/val_detections.json"))
test_dataloader = val_dataloader
