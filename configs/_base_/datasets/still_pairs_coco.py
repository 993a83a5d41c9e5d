# COCO 2017 as stills: images with annotated people, and their keypoints by name (PoseTrack's
# head_bottom and head_top stay absent). All other images can be used too, without annotations:
# min_people=0. A plain folder of images beside it:
#     folder = dict(**_base_.still_train_options, data_root="data/folder")
#     train_dataloader = dict(
#         dataset=dict(type="ConcatDataset", datasets=[_base_.still_train, folder]),
#         **_base_.still_train_dataloader,
#     )
_base_ = ["./still_pairs.py"]

still_train = dict(
    **_base_.still_train_options,
    data_root="data/coco/",
    ann_file="annotations/person_keypoints_train2017.json",
    data_prefix=dict(img="train2017/"),
    min_people=1,
)
still_val = dict(
    **_base_.still_val_options,
    data_root="data/coco/",
    ann_file="annotations/person_keypoints_val2017.json",
    data_prefix=dict(img="val2017/"),
    min_people=1,
)
