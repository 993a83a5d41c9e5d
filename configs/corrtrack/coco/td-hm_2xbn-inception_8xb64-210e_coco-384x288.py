# CorrTrack's estimator on single images of COCO, by mmpose's schedule (the paper's is unknown).
_base_ = [
    "mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_res50_8xb64-210e_coco-384x288.py",
    "../../_base_/default_runtime.py",
    "../../_base_/models/offset_heatmap.py",
]

codec = _base_.offset_codec
model = _base_.inception_estimator

train_dataloader = dict(dataset=dict(pipeline=_base_.offset_pipeline))
