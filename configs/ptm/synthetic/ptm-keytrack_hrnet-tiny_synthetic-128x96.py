# PTM with KeyTrack: the matcher that the package ships gives the ids, and temporal OKS brings the
# people of the previous frame along, with their memories. A memory is that of a track, and ends as
# the matcher's tracks do, which finds people again better than the overlap of boxes does.
_base_ = [
    "./ptm-none_hrnet-tiny_synthetic-128x96.py",
    "../../_base_/models/keytrack.py",
    "../../_base_/models/track_entailment.py",
]

model = dict(
    estimator=dict(neck=_base_.ptm_tiny_neck, describers=[dict(type="MemoryDescriber")]),
    memory=dict(type="PersonMemory", follow="tracks", max_age=12),
    association=dict(_delete_=True, **_base_.shipped_association),
    **_base_.keytrack_tracker,
)
