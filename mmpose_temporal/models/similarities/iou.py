"""Box overlap."""

from typing import Any

import numpy as np
from mmpose.registry import MODELS

from mmpose_temporal.structures import FramePoses, enclosing_boxes

from .base import Representation, Similarity
from .functional import pairwise_iou


@MODELS.register_module()
class IoUSimilarity(Similarity):
    """Intersection over union of two boxes, in [0, 1].

    Args:
        boxes: ``'detection'``, the boxes that people were found in, or ``'keypoints'``, the
            tightest boxes around their joints.

    Raises:
        ValueError: Unknown ``boxes``.
    """

    def __init__(self, *, boxes: str = "detection"):
        super().__init__()
        if boxes not in ("detection", "keypoints"):
            raise ValueError(f"boxes must be 'detection' or 'keypoints', got {boxes!r}")
        self.boxes = boxes

    def embed(self, poses: FramePoses, feats: Any = None) -> Representation:
        """The boxes: ``{'boxes': (M, 4)}``."""
        if self.boxes == "keypoints":
            return {"boxes": enclosing_boxes(poses.keypoints, poses.keypoint_scores > 0)}
        return {"boxes": poses.boxes}

    def pairwise(
        self,
        current: Representation,
        previous: Representation,
        pairs: np.ndarray | None = None,
    ) -> np.ndarray:
        """(M_t, M_prev) IoU."""
        return pairwise_iou(current["boxes"], previous["boxes"])
