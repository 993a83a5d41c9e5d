# M7 on one real clip of 41 frames, on two CPU cores. It begins with the small M7 of the synthetic
# videos, and everything, the pose network too, goes on to learn from frames 0 to 30
# (frozen=(), no row of the paper; the schedule is a choice). Tested on all 41 frames, so its
# figures show that the way runs on real frames, not how it does on other videos.
#
# With the data at another place than data/multiperson_posetrack, X, and other weights:
#     python tools/train.py <this file> --cfg-options load_from=FILE \
#         train_dataloader.dataset.data_root=X val_dataloader.dataset.data_root=X \
#         test_dataloader.dataset.data_root=X
_base_ = "../synthetic/tkmr-m7_hrnet-tiny_synthetic-128x96.py"

# tau = 5 as in the paper: this is a video of full rate.
model = dict(estimator=dict(frozen=()), refinement=dict(tau=5))
load_from = "work_dirs/tkmr-m7_hrnet-tiny_synthetic-128x96/epoch_6.pth"
custom_hooks = []

clip = dict(
    data_root="data/multiperson_posetrack/", ann_file="annotations/val", videos=["060470979"]
)
train_dataloader = dict(dataset=dict(draw=dict(tau=5), frames=(0, 31), **clip))
val_dataloader = dict(dataset=dict(box_source="gt", bbox_file=None, **clip))
test_dataloader = val_dataloader
# The nose is never annotated here, so it is left out of the means.
val_evaluator = dict(mota_score_thr=0.4, joints="annotated")
test_evaluator = val_evaluator

optim_wrapper = dict(optimizer=dict(lr=1e-3))
train_cfg = dict(max_epochs=30, val_interval=30)
param_scheduler = [
    dict(type="LinearLR", begin=0, end=30, start_factor=0.01, by_epoch=False),
    dict(type="CosineAnnealingLR", T_max=30, by_epoch=True, convert_to_iter_based=True),
]
