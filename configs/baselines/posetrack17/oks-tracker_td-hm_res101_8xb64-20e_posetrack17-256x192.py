_base_ = [
    "../posetrack18/oks-tracker_td-hm_res101_8xb64-20e_posetrack18-256x192.py",
    "../../_base_/datasets/posetrack17_videos.py",
]

train_dataloader = dict(
    dataset=dict(_delete_=True, pipeline=_base_.train_pipeline, **_base_.posetrack17_people)
)
val_dataloader = dict(dataset=dict(_delete_=True, **_base_.posetrack17_videos))
test_dataloader = val_dataloader
