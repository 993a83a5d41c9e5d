# M7, fine-tuned with nothing frozen, by the losses of both stages (no row of the paper; the
# schedule is a choice).
_base_ = "./tkmr-m7_res152_8xb8-9e_posetrack17-384x288.py"

model = dict(estimator=dict(frozen=()))
load_from = "work_dirs/tkmr-m7_res152_8xb8-9e_posetrack17-384x288/epoch_9.pth"
custom_hooks = []
train_dataloader = dict(batch_size=4)
optim_wrapper = dict(optimizer=dict(lr=1e-5))
train_cfg = dict(max_epochs=3)
param_scheduler = [
    dict(type="MultiStepLR", begin=0, end=3, milestones=[2], gamma=0.1, by_epoch=True),
]
auto_scale_lr = dict(base_batch_size=32)
