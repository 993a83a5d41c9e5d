# CPN's optimizer and learning rate, from the authors' published code: Adam, 24 crops a batch on
# one GPU; the rate is halved every 3.6 million crops, until 24 million. COCO's train2017 has
# 149,813 annotated people, so that is every 24 epochs, until 160. mmpose's warm-up is left out.
cpn_optim_wrapper = dict(optimizer=dict(type="Adam", lr=5e-4, weight_decay=1e-5))
cpn_train_cfg = dict(by_epoch=True, max_epochs=160, val_interval=10)
cpn_param_scheduler = [
    dict(type="StepLR", begin=0, end=160, step_size=24, gamma=0.5, by_epoch=True),
]
