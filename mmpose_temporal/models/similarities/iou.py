"""Box overlap."""

import numpy as np
from mmpose.registry import MODELS

from mmpose_temporal.structures import FramePacket, enclosing_boxes

from .base import PairScores, Representation, Similarity
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

    def embed(self, packet: FramePacket) -> Representation:
        """The boxes: ``{'boxes': (M, 4)}``."""
        people = packet.people
        if self.boxes == "keypoints":
            return {"boxes": enclosing_boxes(people.keypoints, people.keypoint_scores > 0)}
        return {"boxes": people.boxes}

    def pairwise(
        self,
        current: Representation,
        previous: Representation,
        pairs: np.ndarray | None = None,
    ) -> PairScores:
        """(M_t, M_prev) IoU."""
        return PairScores(pairwise_iou(current["boxes"], previous["boxes"]))
