# Phase 2: the refinement, on the embedding of phase 1, which stays as it is. Both at once:
#     --cfg-options model.phase=joint
_base_ = "./corr-embedding_bn-inception_8xb16-20e_coco-256x256.py"

model = dict(phase="refinement", refinement=_base_.corr_refinement)
load_from = "work_dirs/corr-embedding_bn-inception_8xb16-20e_coco-256x256/epoch_20.pth"

train_dataloader = dict(batch_size=8)
train_cfg = _base_.corr_refinement_train_cfg
param_scheduler = _base_.corr_refinement_param_scheduler
auto_scale_lr = dict(base_batch_size=64)
