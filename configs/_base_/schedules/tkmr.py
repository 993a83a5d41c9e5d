# TKMR's two stages. mmpose's configs have another optimizer, which is replaced:
#     optim_wrapper = dict(_delete_=True, **_base_.tkmr_stage1_optim_wrapper)
# SGD by the paper (section 3.4); momentum and weight decay are choices.
tkmr_stage1_optim_wrapper = dict(
    optimizer=dict(type="SGD", lr=1e-3, momentum=0.9, weight_decay=1e-4)
)
tkmr_stage1_train_cfg = dict(by_epoch=True, max_epochs=20, val_interval=1)
tkmr_stage1_param_scheduler = [
    dict(type="MultiStepLR", begin=0, end=20, milestones=[10, 15], gamma=0.1, by_epoch=True),
]

tkmr_stage2_optim_wrapper = dict(
    optimizer=dict(type="SGD", lr=1e-4, momentum=0.9, weight_decay=1e-4)
)
tkmr_stage2_train_cfg = dict(by_epoch=True, max_epochs=9, val_interval=1)
tkmr_stage2_param_scheduler = [
    dict(type="MultiStepLR", begin=0, end=9, milestones=[7], gamma=0.1, by_epoch=True),
]
