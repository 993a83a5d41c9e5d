# Training a small estimator from scratch on two CPU cores.
small_train_cfg = dict(max_epochs=14, val_interval=7)
small_optim_wrapper = dict(optimizer=dict(type="Adam", lr=2e-3))
small_param_scheduler = [
    dict(type="LinearLR", begin=0, end=30, start_factor=0.01, by_epoch=False),
    dict(type="CosineAnnealingLR", T_max=14, by_epoch=True, convert_to_iter_based=True),
]
