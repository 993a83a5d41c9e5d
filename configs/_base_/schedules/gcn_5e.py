# Choice: on poses of 30 short videos the graph network learns little after 5 epochs (LightTrack's
# code has 300 epochs of SGD on PoseTrack18).
gcn_train_cfg = dict(by_epoch=True, max_epochs=5, val_interval=5)
gcn_optim_wrapper = dict(
    type="OptimWrapper", optimizer=dict(type="AdamW", lr=1e-3, weight_decay=1e-4)
)
gcn_param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, begin=0, end=100, by_epoch=False),
    dict(type="CosineAnnealingLR", T_max=5, by_epoch=True, convert_to_iter_based=True),
]
