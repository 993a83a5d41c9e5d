# KeyTrack, A.4: batch 32 (one GPU), 25 epochs, learning rate to 1e-4 in the first 1 % of the steps
# and then linearly to 0. 1 % of 25 epochs is a quarter of one; it takes 4 steps per epoch or more.
keytrack_train_cfg = dict(by_epoch=True, max_epochs=25, val_interval=5)
# AdamW with BERT's weight decay: choice, the paper names neither
keytrack_optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="AdamW", lr=1e-4, weight_decay=0.01),
    paramwise_cfg=dict(bias_decay_mult=0.0, norm_decay_mult=0.0),
)
keytrack_param_scheduler = [
    dict(
        type="LinearLR",
        start_factor=1e-3,
        begin=0,
        end=0.25,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
    dict(
        type="LinearLR",
        start_factor=1.0,
        end_factor=0.0,
        begin=0.25,
        end=25,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]
