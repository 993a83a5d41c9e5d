# The matcher is that of keytrack_tx2-64_1xb32-5e_synthetic-24x18.py, whose weights come with
#     --cfg-options model.association.similarity.checkpoint=FILE
_base_ = [
    "./oks-tracker_toks35_td-hm_hrnet-tiny_synthetic-128x96.py",
    "../../_base_/models/keytrack_tracker.py",
]

model = dict(
    association=dict(
        _base_.keytrack.association,
        similarity=dict(
            type="PoseEntailment",
            network=dict(num_layers=2, hidden=64, intermediate=64),
        ),
    )
)
