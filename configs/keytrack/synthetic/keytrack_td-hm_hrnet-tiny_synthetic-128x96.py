# The matcher is that of keytrack_tx2-64_1xb32-5e_synthetic-24x18.py, whose weights come with
#     --cfg-options model.association.similarity.checkpoint=FILE
_base_ = [
    "./oks-tracker_none_td-hm_hrnet-tiny_synthetic-128x96.py",
    "../../_base_/models/keytrack.py",
]

association = _base_.keytrack_association
association.similarity.network.update(num_layers=2, hidden=64, intermediate=64)
model = dict(association=dict(_delete_=True, **association), **_base_.keytrack_tracker)
