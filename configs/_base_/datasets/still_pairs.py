# Pairs of views of still images, for training correspondences; no video label is used.
# `<data>_still_train` and `<data>_still_val` of another base state the data
# (still_pairs_synthetic.py, still_pairs_coco.py):
#     train_dataloader = dict(
#         dataset=dict(**_base_.still_train_dataset, **_base_.synthetic_still_train),
#         **_base_.still_train_dataloader,
#     )
#     val_dataloader = dict(
#         dataset=dict(**_base_.still_val_dataset, **_base_.synthetic_still_val),
#         **_base_.still_val_dataloader,
#     )
#     val_evaluator = _base_.still_evaluator
#
# All augmentation is a choice; each line but the first and the last two can go. People who move
# against the background, as in video: add behind StillViews
#     dict(type="MoveStillPeople", prob=0.3)
still_size = 256
still_train_pipeline = [
    dict(
        type="StillViews",
        size=still_size,
        crop_prob=0.5,
        mirror_prob=0.5,
        scale=(0.75, 1.25),
        rotation=30.0,
        shift=0.1,
    ),
    dict(type="OccludeStills", prob=0.5, number=(1, 4), size=(0.05, 0.3), views="second"),
    dict(type="JitterStillColors", prob=0.8, brightness=0.3, contrast=0.3, saturation=0.3),
    dict(type="BlurStills", prob=0.3, sigma=(0.4, 1.5), length=(2.0, 8.0)),
    dict(type="NoiseStills", prob=0.3, std=(1.0, 10.0)),
    dict(type="DrawStillQueries", near_people=0.5),
    dict(type="PackStillPair"),
]
# Whole images. Occluders, so that some queries are not visible, which AUC_visible asks for.
still_val_pipeline = [
    dict(type="StillViews", size=still_size),
    dict(type="OccludeStills", prob=0.5),
    dict(type="JitterStillColors", prob=0.8),
    dict(type="DrawStillQueries"),
    dict(type="PackStillPair"),
]

# Groups of queries: people, or random points where an image has fewer, and random points.
still_groups = dict(num_people=3, num_random=1)
still_train_dataset = dict(
    type="StillPairDataset",
    **still_groups,
    other_prob=0.05,
    patch_prob=0.25,
    pipeline=still_train_pipeline,
)
still_val_dataset = dict(
    type="StillPairDataset", **still_groups, pipeline=still_val_pipeline, test_mode=True
)

still_train_dataloader = dict(
    batch_size=16,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type="DefaultSampler", shuffle=True),
    collate_fn=dict(type="default_collate"),
)
still_val_dataloader = dict(
    batch_size=16,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type="DefaultSampler", shuffle=False),
    collate_fn=dict(type="default_collate"),
)
still_evaluator = [dict(type="CorrespondencePCK")]
