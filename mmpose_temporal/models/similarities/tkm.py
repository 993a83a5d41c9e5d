"""TKM: temporal keypoint matching."""

from collections.abc import Sequence

import numpy as np
import torch
from mmpose.registry import MODELS
from torch import Tensor

from mmpose_temporal.models.heads import KeypointMatchingHead

from .base import Similarity
from .estimator_matching import EstimatorMatching


@MODELS.register_module()
class KeypointMatchingSimilarity(EstimatorMatching):
    """Sum over the keypoints of the probability that two are of one person (TKMR Eq. 5).

    In [0, K]. The indicator of Eq. 5 is a gate of the association,
    ``gates=[dict(type='IoUGate', min_iou=0.1)]``: only pairs that pass it are scored. A keypoint
    that is absent (score 0 or less) in one of the two poses adds nothing; the paper sums over
    all K, which is the same where no threshold takes keypoints out (choice).

    Args:
        joints: Keypoints that count. None: all K. For data that never annotates some of them,
            whose classifiers are then untrained.

    Raises:
        ValueError: ``joints`` is empty, holds one twice or one that the head has not.
    """

    HEAD = KeypointMatchingHead

    def __init__(self, *, joints: Sequence[int] | None = None):
        super().__init__()
        if joints is not None and (not len(joints) or len(set(joints)) < len(joints)):
            raise ValueError(f"joints must name keypoints, each once, got {joints}")
        self.joints = None if joints is None else np.asarray(joints, np.int64)

    def bind(self, tracker: torch.nn.Module) -> None:
        """See :class:`EstimatorMatching`."""
        super().bind(tracker)
        if self.joints is not None and self._bound.module is not None:
            num = self.head.num_keypoints
            if self.joints.min() < 0 or self.joints.max() >= num:
                raise ValueError(f"joints must be in [0, {num - 1}], got {self.joints.tolist()}")

    def same_as(self, other: Similarity | None) -> bool:
        """See :class:`Similarity`: another one of the same head and joints."""
        return (
            type(other) is type(self)
            and np.array_equal(other.joints, self.joints)
            and other.head is self.head
        )

    def pool(self, features: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """Each keypoint has its classifier."""
        if self.joints is not None:
            counts = torch.zeros_like(present)
            counts[:, torch.from_numpy(self.joints).to(present.device)] = True
            present = present & counts
        return features, present
