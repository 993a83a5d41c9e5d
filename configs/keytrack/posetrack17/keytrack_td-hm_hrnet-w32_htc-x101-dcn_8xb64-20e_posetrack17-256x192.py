_base_ = [
    "../posetrack18/keytrack_td-hm_hrnet-w32_htc-x101-dcn_8xb64-20e_posetrack18-256x192.py",
    "../../_base_/datasets/posetrack17_videos.py",
]

train_dataloader = dict(
    dataset=dict(_delete_=True, pipeline=_base_.train_pipeline, **_base_.posetrack17_people)
)
videos = {**_base_.posetrack17_videos, "box_source": "detector"}
val_dataloader = dict(dataset=dict(_delete_=True, **videos))
test_dataloader = val_dataloader
