"""Losses of the temporal estimators, and what they are computed on."""

from mmpose_temporal.compat import mmpose_networks_available

from .clip_pairs import ClipPairs
from .correspondence_losses import AffinityLoss, ConfidenceLoss
from .location_pairs import LocationPairs, sample_location_pairs, training_candidates
from .temporal_keypoint_loss import TemporalKeypointLoss

__all__ = [
    "AffinityLoss",
    "ClipPairs",
    "ConfidenceLoss",
    "LocationPairs",
    "TemporalKeypointLoss",
    "sample_location_pairs",
    "training_candidates",
]

if mmpose_networks_available():
    from .keypoint_sse_loss import KeypointSSELoss

    __all__ += ["KeypointSSELoss"]
