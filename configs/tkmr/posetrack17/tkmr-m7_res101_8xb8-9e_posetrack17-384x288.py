# M7 of Table 3 with ResNet-101 (no row of the paper).
_base_ = "./tkmr-m7_res152_8xb8-9e_posetrack17-384x288.py"

model = dict(estimator=dict(backbone=dict(depth=101)))
custom_hooks = [
    dict(
        type="LoadStage1Hook",
        checkpoint="work_dirs/tkmr-stage1_res101_8xb32-20e_posetrack17-384x288/epoch_20.pth",
    ),
]
