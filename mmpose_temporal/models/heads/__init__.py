"""Heads of the temporal estimators."""

from mmpose_temporal.compat import mmpose_networks_available

from .blocks import basic_block, basic_blocks
from .candidates import KeypointCandidates, gather_features, local_maxima, mirror_cells, off_centre
from .cell_features import features_at
from .feature_head import FeatureHead
from .keypoint_classifiers import KeypointClassifiers
from .matching_heads import BodyMatchingHead, KeypointMatchingHead, MatchingHead
from .refinement_head import KeypointRefinementHead

__all__ = [
    "BodyMatchingHead",
    "FeatureHead",
    "KeypointCandidates",
    "KeypointClassifiers",
    "KeypointMatchingHead",
    "KeypointRefinementHead",
    "MatchingHead",
    "basic_block",
    "basic_blocks",
    "features_at",
    "gather_features",
    "local_maxima",
    "mirror_cells",
    "off_centre",
]

if mmpose_networks_available():
    from .cpn_head import CPNHead
    from .offset_heatmap_head import OffsetHeatmapHead

    __all__ += ["CPNHead", "OffsetHeatmapHead"]
