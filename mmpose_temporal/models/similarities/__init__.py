"""Similarities: score two poses."""

from .base import PairScores, Representation, Scene, Similarity
from .chosen_joints import ChosenJoints
from .conv_entailment import ConvEntailment
from .conv_network import ConvNetwork
from .correspondence import CorrespondenceSimilarity
from .entailment import MatchingNetwork, PoseEntailment, TrackEntailment
from .estimator_matching import EstimatorMatching
from .flow import FlowSimilarity
from .functional import box_areas, pairwise_iou, pairwise_oks, shared_joints, solid_boxes
from .gcn import GCNSimilarity
from .iou import IoUSimilarity
from .motion_oks import MotionOKSSimilarity
from .oks import OKSSimilarity
from .own_weights import OwnWeights
from .tbm import BodyMatchingSimilarity
from .tkm import KeypointMatchingSimilarity

__all__ = [
    "BodyMatchingSimilarity",
    "ChosenJoints",
    "ConvEntailment",
    "ConvNetwork",
    "CorrespondenceSimilarity",
    "EstimatorMatching",
    "FlowSimilarity",
    "GCNSimilarity",
    "IoUSimilarity",
    "KeypointMatchingSimilarity",
    "MatchingNetwork",
    "MotionOKSSimilarity",
    "OKSSimilarity",
    "OwnWeights",
    "PairScores",
    "PoseEntailment",
    "Representation",
    "Scene",
    "Similarity",
    "TrackEntailment",
    "box_areas",
    "pairwise_iou",
    "pairwise_oks",
    "shared_joints",
    "solid_boxes",
]
