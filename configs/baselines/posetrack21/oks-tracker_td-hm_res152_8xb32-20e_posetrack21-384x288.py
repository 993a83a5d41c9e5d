_base_ = [
    "../posetrack18/oks-tracker_td-hm_res152_8xb32-20e_posetrack18-384x288.py",
    "../../_base_/datasets/posetrack21_videos.py",
]

train_dataloader = dict(
    dataset=dict(_delete_=True, pipeline=_base_.train_pipeline, **_base_.posetrack21_people)
)
val_dataloader = dict(dataset=dict(_delete_=True, **_base_.posetrack21_videos))
test_dataloader = val_dataloader
