# M9 of Table 3: M8 with HRNet, which is N6 of Table 4 on PoseTrack17.
_base_ = "../posetrack18/tkmr-n6_hrnet-w48_8xb8-9e_posetrack18-384x288.py"

posetrack17 = dict(release="posetrack17", data_root="data/posetrack17/")
custom_hooks = [
    dict(
        type="LoadStage1Hook",
        checkpoint="work_dirs/tkmr-stage1_hrnet-w48_8xb64-20e_posetrack17-384x288/epoch_20.pth",
    ),
]
train_dataloader = dict(dataset=posetrack17)
val_dataloader = dict(dataset=posetrack17)
test_dataloader = val_dataloader
