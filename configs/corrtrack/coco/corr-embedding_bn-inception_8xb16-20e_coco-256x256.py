# Phase 1 of CorrTrack's correspondences: the embedding, on pairs of views of COCO's images of
# 256x256 (the authors' size; all else is a choice).
_base_ = [
    "mmpose::_base_/default_runtime.py",
    "../../_base_/default_runtime.py",
    "../../_base_/models/corrtrack.py",
    "../../_base_/schedules/corrtrack.py",
    "../../_base_/datasets/still_pairs.py",
    "../../_base_/datasets/still_pairs_coco.py",
]

model = _base_.corr_embedding

train_dataloader = dict(
    dataset=dict(**_base_.still_train_dataset, **_base_.coco_still_train),
    **_base_.still_train_dataloader,
)
val_dataloader = dict(
    dataset=dict(**_base_.still_val_dataset, **_base_.coco_still_val),
    **_base_.still_val_dataloader,
)
test_dataloader = val_dataloader
val_evaluator = _base_.still_evaluator
test_evaluator = val_evaluator

train_cfg = _base_.corr_embedding_train_cfg
optim_wrapper = _base_.corr_optim_wrapper
param_scheduler = _base_.corr_embedding_param_scheduler
auto_scale_lr = dict(base_batch_size=128)
default_hooks = dict(
    _delete_=True,
    **{
        **_base_.tracking_hooks,
        "checkpoint": dict(
            type="CheckpointHook",
            interval=5,
            max_keep_ckpts=1,
            save_best="correspondence/PCK@0.05",
            rule="greater",
        ),
    },
)
