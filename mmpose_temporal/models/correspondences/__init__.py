"""CorrTrack's correspondences: the network, its training, and poses carried between frames."""

from mmpose_temporal.compat import mmpose_networks_available

from .affinity import affinities, correlation, lift, nearby_mass, peaks, query_patches
from .carried import FEATURE, CarriedPoses, FrameCorrespondences
from .encoder import CorrespondenceEncoder
from .letterbox import FrameEmbedding, Letterbox
from .refinement import CorrespondenceRefinement

__all__ = [
    "FEATURE",
    "CarriedPoses",
    "CorrespondenceEncoder",
    "CorrespondenceRefinement",
    "FrameCorrespondences",
    "FrameEmbedding",
    "Letterbox",
    "affinities",
    "correlation",
    "lift",
    "nearby_mass",
    "peaks",
    "query_patches",
]

if mmpose_networks_available():
    from .network import CorrespondenceNetwork, ImagePairPreprocessor

    __all__ += ["CorrespondenceNetwork", "ImagePairPreprocessor"]
