# Choice: on poses of 30 short videos the graph network learns little after 5 epochs (LightTrack's
# code has 300 epochs of SGD on PoseTrack18).
train_5e = dict(by_epoch=True, max_epochs=5, val_interval=5)
optim_wrapper = dict(type="OptimWrapper", optimizer=dict(type="AdamW", lr=1e-3, weight_decay=1e-4))
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, begin=0, end=100, by_epoch=False),
    dict(type="CosineAnnealingLR", T_max=5, by_epoch=True, convert_to_iter_based=True),
]
auto_scale_lr = dict(base_batch_size=64)
