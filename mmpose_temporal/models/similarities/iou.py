"""Box overlap."""

import numpy as np
from mmpose.registry import MODELS

from mmpose_temporal.structures import FramePacket, enclosing_boxes

from .base import PairScores, Representation, Scene, Similarity
from .functional import box_areas, pairwise_iou, solid_boxes


@MODELS.register_module()
class IoUSimilarity(Similarity):
    """Intersection over union of two boxes, in [0, 1].

    Boxes without an area, as around one joint, count as :func:`solid_boxes`.

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
        self.compares_joints = boxes == "keypoints"

    def embed(self, packet: FramePacket) -> Representation:
        """``{'boxes': (M, 4), 'areas': (M,)}``."""
        people, boxes = packet.people, packet.people.boxes
        if self.boxes == "keypoints":
            present = people.keypoint_scores > 0
            boxes = solid_boxes(enclosing_boxes(people.keypoints, present))
            boxes[~present.any(1)] = 0  # around nothing
        else:
            boxes = solid_boxes(boxes)
        return {"boxes": boxes, "areas": box_areas(boxes)}

    def pairwise(
        self,
        current: Representation,
        previous: Representation,
        pairs: np.ndarray | None = None,
        scene: Scene | None = None,
    ) -> PairScores:
        """(M_t, M_prev) IoU."""
        boxes, areas = current["boxes"], current["areas"]
        return PairScores(pairwise_iou(boxes, previous["boxes"], areas, previous["areas"]))
