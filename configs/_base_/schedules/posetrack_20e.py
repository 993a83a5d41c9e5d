# mmpose's schedule of its PoseTrack18 configs, for estimators whose mmpose config is of another
# data set, to be put in place with
#     train_cfg = _base_.train_20e
#     param_scheduler = _base_.param_scheduler_20e
train_20e = dict(by_epoch=True, max_epochs=20, val_interval=1)
param_scheduler_20e = [
    dict(type="LinearLR", begin=0, end=500, start_factor=0.001, by_epoch=False),
    dict(type="MultiStepLR", begin=0, end=20, milestones=[10, 15], gamma=0.1, by_epoch=True),
]
