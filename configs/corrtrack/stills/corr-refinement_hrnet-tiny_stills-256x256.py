# Phase 2: the refinement, on the embedding of phase 1, which stays as it is.
_base_ = "./corr-embedding_hrnet-tiny_stills-256x256.py"

model = dict(phase="refinement", refinement=_base_.corr_tiny_refinement)
load_from = "work_dirs/corr-embedding_hrnet-tiny_stills-256x256/epoch_8.pth"

train_cfg = dict(max_epochs=4, val_interval=4)
param_scheduler = [
    dict(type="LinearLR", begin=0, end=30, start_factor=0.01, by_epoch=False),
    dict(type="CosineAnnealingLR", T_max=4, by_epoch=True, convert_to_iter_based=True),
]
default_hooks = dict(checkpoint=dict(interval=4))
