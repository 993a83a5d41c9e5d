# Training of PTM's memory on clips, from a trained single-frame network. All of it is a choice, as
# the paper says nothing of training: mmpose's optimizer with a fifth of its learning rate, and few
# epochs, since each has up to 17 crops for every annotated person.
ptm_optim_wrapper = dict(optimizer=dict(type="Adam", lr=1e-4))
ptm_train_cfg = dict(by_epoch=True, max_epochs=3, val_interval=1)
ptm_param_scheduler = [
    dict(type="LinearLR", begin=0, end=500, start_factor=0.001, by_epoch=False),
    dict(type="MultiStepLR", begin=0, end=3, milestones=[2], gamma=0.1, by_epoch=True),
]
