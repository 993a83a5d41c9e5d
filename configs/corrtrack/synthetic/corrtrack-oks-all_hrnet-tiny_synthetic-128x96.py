# CorrTrack's recovery, duplicate removal and merging around the association of
# configs/baselines/oks-tracker.py. One of them alone: set the others to None (births: to []).
_base_ = "./corrtrack-oks_hrnet-tiny_synthetic-128x96.py"

correspondences = "work_dirs/corr-refinement_hrnet-tiny_synthetic-192x192/epoch_4.pth"
model = dict(
    frame_encoder=dict(
        type="CorrespondenceEncoder",
        long_side=320,
        network=dict(_base_.corr_tiny_network, checkpoint=correspondences),
    ),
    propagation=dict(_base_.corr_recovery, max_propagated=4),
    association=dict(births=[dict(_base_.corr_duplicates, min_share=0.3)]),
    merging=_base_.corr_tiny_merging,
)
