# CorrTrack's recovery, duplicate removal and merging around the association of
# configs/keytrack/keytrack-tracker.py. One of them alone: set the others to None (births: to []).
_base_ = [
    "./corrtrack-oks-all_hrnet-tiny_synthetic-128x96.py",
    "../../_base_/models/track_entailment.py",
]

model = dict(
    association=dict(
        _delete_=True,
        **_base_.shipped_association,
        births=[dict(_base_.corr_duplicates, min_share=0.3)],
    ),
    min_length=3,
)
