"""TBM: temporal body matching, what TKM is compared with."""

from mmpose.registry import MODELS
from torch import Tensor

from mmpose_temporal.models.heads import BodyMatchingHead

from .estimator_matching import EstimatorMatching


@MODELS.register_module()
class BodyMatchingSimilarity(EstimatorMatching):
    """Probability in [0, 1] that two bodies are of one person (TKMR, method M4, section 4.3).

    One feature a body, the mean of the matching features at its keypoints, and one classifier.
    Use it with ``gates=[dict(type='IoUGate', min_iou=0.1)]`` as TKM.
    """

    HEAD = BodyMatchingHead

    def pool(self, features: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """The mean over the keypoints that are present; a body without any matches nobody."""
        return self.head.body_features(features, present), present.any(1, keepdim=True)
