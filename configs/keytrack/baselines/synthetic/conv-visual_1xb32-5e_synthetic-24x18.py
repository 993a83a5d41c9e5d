# KeyTrack's Figure 7 at 24 x 18: a convolutional network that looks at both people. The frames are
# opened in training and in testing; the poses are the annotated ones. The data:
#     for split in train val; do python tools/dataset_converters/make_synthetic_posetrack.py \
#         data/synthetic_posetrack --split $split; done
_base_ = "../../synthetic/keytrack_tx2-64_1xb32-5e_synthetic-24x18.py"

model = dict(
    association=dict(
        similarity=dict(_delete_=True, type="ConvEntailment", source="visual", resolution=(24, 18))
    )
)

train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type="PosePairReverse", prob=0.5),
            dict(type="LoadPairCrops", size=(24, 18)),
            dict(type="PackPosePairs"),
        ]
    )
)
val_dataloader = dict(
    dataset=dict(pipeline=[dict(type="LoadVideoFrame"), dict(type="PackFramePoses")])
)
test_dataloader = val_dataloader
