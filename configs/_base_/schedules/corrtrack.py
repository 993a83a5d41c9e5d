# Trainings of correspondences on stills (choice: the paper's are not public). An epoch sees each
# still once, in 16 x 8 or 8 x 8 pairs of views at a time.
corr_embedding_train_cfg = dict(max_epochs=20, val_interval=5)
corr_refinement_train_cfg = dict(max_epochs=10, val_interval=5)
corr_optim_wrapper = dict(optimizer=dict(type="Adam", lr=1e-3))
corr_warmup = dict(type="LinearLR", begin=0, end=500, start_factor=0.001, by_epoch=False)
corr_embedding_param_scheduler = [
    corr_warmup,
    dict(type="CosineAnnealingLR", T_max=20, by_epoch=True, convert_to_iter_based=True),
]
corr_refinement_param_scheduler = [
    corr_warmup,
    dict(type="CosineAnnealingLR", T_max=10, by_epoch=True, convert_to_iter_based=True),
]
