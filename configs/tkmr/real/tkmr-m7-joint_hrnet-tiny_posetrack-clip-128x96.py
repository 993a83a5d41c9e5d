# M7 on one real clip of 41 frames, on two CPU cores. It begins with the small M7 of the synthetic
# videos, and everything, the pose network too, goes on to learn from frames 0 to 30
# (frozen=(), no row of the paper; the schedule is a choice). Tested on all 41 frames, so its
# figures show that the way runs on real frames, not how it does on other videos.
#
# With the data at another place than data/multiperson_posetrack, X, and other weights:
#     python tools/train.py <this file> --cfg-options load_from=FILE \
#         train_dataloader.dataset.data_root=X val_dataloader.dataset.data_root=X \
#         test_dataloader.dataset.data_root=X
_base_ = [
    "mmpose::_base_/default_runtime.py",
    "../../_base_/default_runtime.py",
    "../../_base_/models/td-hm_hrnet-tiny_128x96.py",
    "../../_base_/models/tkmr.py",
    "../../_base_/models/tkmr_tiny.py",
    "../../_base_/datasets/multiperson_posetrack.py",
]

refinement = dict(_base_.tkmr_tiny_refinement, tau=5)  # as in the paper: a video of full rate
estimator = _base_.estimator
estimator.merge(_base_.tkmr_tiny_estimator)
estimator.update(frozen=(), refinement_head=_base_.tkmr_tiny_refinement_head)
estimator.temporal_loss.context_weight = refinement["context_weight"]
# mmpose's inferencers choose by these how to run it, and a detector.
data_mode = "topdown"
dataset_type = "PoseTrack18Dataset"

model = dict(
    _base_.tkmr_tracker,
    estimator=estimator,
    association=_base_.tkmr_tkm_association,
    refinement=refinement,
)
load_from = "work_dirs/tkmr-m7_hrnet-tiny_synthetic-128x96/epoch_6.pth"
custom_hooks = []

train_dataloader = dict(
    batch_size=8,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type="DefaultSampler", shuffle=True),
    collate_fn=dict(type="collate_clips"),
    dataset=dict(
        data_root="data/multiperson_posetrack/",
        ann_file="annotations/val",
        videos=["060470979"],
        frames=(0, 31),
        pipeline=_base_.tkmr_tiny_clip_pipeline,
        **_base_.tkmr_clips,
    ),
)
val_dataloader = dict(_base_.tracking_dataloader, num_workers=1, dataset=_base_.clip_videos)
test_dataloader = val_dataloader
val_evaluator = _base_.clip_evaluator
test_evaluator = val_evaluator

randomness = dict(seed=0)
optim_wrapper = dict(optimizer=dict(type="Adam", lr=1e-3))
train_cfg = dict(max_epochs=30, val_interval=30)
param_scheduler = [
    dict(type="LinearLR", begin=0, end=30, start_factor=0.01, by_epoch=False),
    dict(type="CosineAnnealingLR", T_max=30, by_epoch=True, convert_to_iter_based=True),
]
auto_scale_lr = dict(base_batch_size=32)
default_hooks = dict(_delete_=True, **_base_.tracking_hooks)
default_hooks["checkpoint"]["save_best"] = "posetrack/MOTA"
visualizer = dict(_delete_=True, **_base_.tracking_visualizer)
