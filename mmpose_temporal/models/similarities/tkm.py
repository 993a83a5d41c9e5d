"""TKM: temporal keypoint matching."""

from collections.abc import Sequence

import numpy as np
import torch
from mmpose.registry import MODELS
from torch import Tensor

from mmpose_temporal.models.heads import KeypointMatchingHead
from mmpose_temporal.structures import KEYPOINT_NAMES, Skeleton

from .base import Similarity
from .chosen_joints import joint_indices
from .estimator_matching import EstimatorMatching


@MODELS.register_module()
class KeypointMatchingSimilarity(EstimatorMatching):
    """Sum over the keypoints of the probability that two are of one person (TKMR Eq. 5).

    In [0, K]. The indicator of Eq. 5 is a gate of the association,
    ``gates=[dict(type='IoUGate', min_iou=0.1)]``: only pairs that pass it are scored. A keypoint
    that is absent (score 0 or less) in one of the two poses adds nothing; the paper sums over
    all K, which is the same if no threshold removes keypoints (choice).

    Args:
        joints: Keypoints that count, as indices or names. None: all K. For data that never
            annotates some of them, whose classifiers are then untrained. Names are those of
            PoseTrack18 until the data's are known (:meth:`use_skeleton`).

    Raises:
        ValueError: ``joints`` is empty, holds one twice or one that the head has not.
    """

    HEAD = KeypointMatchingHead

    def __init__(self, *, joints: Sequence[int | str] | None = None):
        super().__init__()
        if joints is not None and (not len(joints) or len(set(joints)) < len(joints)):
            raise ValueError(f"joints must name keypoints, each once, got {joints}")
        self._asked = None if joints is None else list(joints)
        self.joints = self._indices(KEYPOINT_NAMES)

    def bind(self, tracker: torch.nn.Module) -> None:
        """See :class:`EstimatorMatching`."""
        super().bind(tracker)
        if self.joints is not None and self._bound.module is not None:
            num = self.head.num_keypoints
            if self.joints.min() < 0 or self.joints.max() >= num:
                raise ValueError(f"joints must be in [0, {num - 1}], got {self.joints.tolist()}")

    def use_skeleton(self, skeleton: Skeleton) -> None:
        """Find the joints by name.

        Raises:
            ValueError: The head has classifiers for another number of keypoints, or a joint is
                not in the layout.
        """
        if self.head.num_keypoints != len(skeleton):
            raise ValueError(
                f"the matching head has classifiers for {self.head.num_keypoints} keypoints, the "
                f"data ({skeleton.name or 'without name'}) have {len(skeleton)}: set the head's "
                "num_keypoints and train it on such data"
            )
        self.joints = self._indices(skeleton.keypoint_names)

    def _indices(self, names: Sequence[str]) -> np.ndarray | None:
        asked = self._asked
        if asked is None:
            return None
        if any(isinstance(joint, str) for joint in asked):
            asked = joint_indices(asked, len(names), names)
        return np.asarray(asked, np.int64)

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
