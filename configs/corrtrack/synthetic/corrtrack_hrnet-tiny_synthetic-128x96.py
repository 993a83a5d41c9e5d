# CorrTrack whole, small: the estimator's checkpoint is that of corrtrack-oks_..., the
# correspondences are those of phase 2, from the file that is named here.
_base_ = "./corrtrack-oks_hrnet-tiny_synthetic-128x96.py"

correspondences = "work_dirs/corr-refinement_hrnet-tiny_synthetic-192x192/epoch_4.pth"
model = dict(
    _delete_=True,
    estimator=_base_.estimator,
    frame_encoder=dict(
        type="CorrespondenceEncoder",
        long_side=320,
        network=dict(_base_.corr_tiny_network, checkpoint=correspondences),
    ),
    **_base_.corr_tracker,
)
model["association"]["similarity"]["corr_thr"] = _base_.corr_tiny_thr
model["merging"] = _base_.corr_tiny_merging
