# Training a small estimator from scratch; how many epochs is the config's own.
optim_wrapper = dict(optimizer=dict(type="Adam", lr=2e-3))
auto_scale_lr = dict(base_batch_size=32)
