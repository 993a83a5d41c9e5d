# TKMR's two stages, to be put in place with
#     optim_wrapper = dict(optimizer=dict(_delete_=True, **_base_.tkmr_stage1_optimizer))
#     train_cfg = _base_.tkmr_stage1_cfg
#     param_scheduler = _base_.tkmr_stage1_schedule
# SGD by the paper (section 3.4); momentum and weight decay are choices.
tkmr_stage1_optimizer = dict(type="SGD", lr=1e-3, momentum=0.9, weight_decay=1e-4)
tkmr_stage1_cfg = dict(by_epoch=True, max_epochs=20, val_interval=1)
tkmr_stage1_schedule = [
    dict(type="MultiStepLR", begin=0, end=20, milestones=[10, 15], gamma=0.1, by_epoch=True),
]

tkmr_stage2_optimizer = dict(type="SGD", lr=1e-4, momentum=0.9, weight_decay=1e-4)
tkmr_stage2_cfg = dict(by_epoch=True, max_epochs=9, val_interval=1)
tkmr_stage2_schedule = [
    dict(type="MultiStepLR", begin=0, end=9, milestones=[7], gamma=0.1, by_epoch=True),
]
