# mmpose's schedule of its PoseTrack18 configs, for estimators whose mmpose config is of another
# data set.
posetrack_train_cfg = dict(by_epoch=True, max_epochs=20, val_interval=1)
posetrack_param_scheduler = [
    dict(type="LinearLR", begin=0, end=500, start_factor=0.001, by_epoch=False),
    dict(type="MultiStepLR", begin=0, end=20, milestones=[10, 15], gamma=0.1, by_epoch=True),
]
