# Stage 1 of the small versions of M2 to M7 (Table 3 of TKMR), on two CPU cores. The data: people
# who cross each other, some dressed alike, and move far from frame to frame; many short videos in
# train, since matching has to be learnt from many people; in val the boxes of a simulated
# detector. tools/analysis_tools/tkmr_ablation.py makes them so:
#     OPTIONS="--scene crossing --fps 6 --size 320x240 --people 4-6 --workers 2"
#     python tools/dataset_converters/make_synthetic_posetrack.py data/synthetic_crossing \
#         --split train $OPTIONS --videos 40 --frames 10
#     python tools/dataset_converters/make_synthetic_posetrack.py data/synthetic_crossing \
#         --split val $OPTIONS --videos 8 --frames 30 --detections 0.05,0.03,0.2,0.2
_base_ = [
    "../../baselines/synthetic/iou-tracker_td-hm_hrnet-tiny_synthetic-128x96.py",
    "../../_base_/models/tkmr.py",
]

model = dict(suppression=_base_.tkmr_pnms, association=dict(_delete_=True, **_base_.tkmr_iou))
train_dataloader = dict(dataset=dict(data_root="data/synthetic_crossing/"))
val_dataloader = dict(
    dataset=dict(
        data_root="data/synthetic_crossing/",
        box_source="file",
        bbox_file="annotations/val_detections.json",
    )
)
test_dataloader = val_dataloader
