# COCO 2017 as stills, for still_pairs.py: images with annotated people, and their keypoints by
# name (PoseTrack's head_bottom and head_top stay absent). All other images can be used too,
# without annotations: min_people=0. A plain folder of images beside it:
#     coco = dict(**_base_.still_train_dataset, **_base_.coco_still_train)
#     folder = dict(**_base_.still_train_dataset, data_root="data/folder")
#     train_dataloader = dict(
#         dataset=dict(type="ConcatDataset", datasets=[coco, folder]),
#         **_base_.still_train_dataloader,
#     )
coco_still_train = dict(
    data_root="data/coco/",
    ann_file="annotations/person_keypoints_train2017.json",
    data_prefix=dict(img="train2017/"),
    min_people=1,
)
coco_still_val = dict(
    data_root="data/coco/",
    ann_file="annotations/person_keypoints_val2017.json",
    data_prefix=dict(img="val2017/"),
    min_people=1,
)
