# Correspondences of real photos, small, on two CPU cores, phase 1. Stills in data/stills: coco/
# has images with a keypoint file, folder/ any other photos and single frames of videos. It starts
# from the weights of synthetic stills and learns from few photos, so it sees each many times.
_base_ = "../synthetic/corr-embedding_hrnet-tiny_synthetic-192x192.py"

load_from = "work_dirs/corr-embedding_hrnet-tiny_synthetic-192x192/epoch_4.pth"

size = 256
train_pipeline = [
    dict(
        type="StillViews",
        size=size,
        crop_prob=0.5,
        mirror_prob=0.5,
        scale=(0.7, 1.4),
        rotation=30.0,
        shift=0.15,
    ),
    dict(type="MoveStillPeople", prob=0.5),
    dict(type="OccludeStills", prob=0.5, views="second"),
    dict(type="JitterStillColors", prob=0.8),
    dict(type="BlurStills", prob=0.5, length=(2.0, 14.0)),
    dict(type="NoiseStills", prob=0.3),
    dict(type="DrawStillQueries"),
    dict(type="PackStillPair"),
]
groups = dict(num_people=2, num_random=1)
options = dict(
    type="StillPairDataset", **groups, other_prob=0.1, patch_prob=0.25, pipeline=train_pipeline
)
data_root = "data/stills/"
synthetic_root = "data/synthetic_missed/"
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type="ConcatDataset",
        datasets=[
            dict(
                type="RepeatDataset",
                times=3,
                dataset=dict(
                    type="ConcatDataset",
                    datasets=[
                        dict(
                            type="RepeatDataset",
                            times=8,
                            dataset=dict(
                                **options,
                                data_root=data_root,
                                ann_file="coco/test_coco.json",
                                data_prefix=dict(img="coco/"),
                            ),
                        ),
                        dict(**options, data_root=data_root, data_prefix=dict(img="folder/")),
                    ],
                ),
            ),
            dict(
                **options,
                data_root=synthetic_root,
                ann_file="annotations/train",
                frame_step=2,
            ),
        ],
    )
)
