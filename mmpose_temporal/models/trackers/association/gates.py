"""Which pairs of people are compared at all."""

from abc import ABC, abstractmethod

import numpy as np
from mmpose.registry import TASK_UTILS

from mmpose_temporal.models.similarities import pairwise_iou, solid_boxes
from mmpose_temporal.structures import People


class Gate(ABC):
    """Selects pairs of people before their similarity is computed."""

    @abstractmethod
    def __call__(self, current: People, previous: People) -> np.ndarray:
        """(M_t, M_prev) bool: the pairs that pass."""


@TASK_UTILS.register_module()
class IoUGate(Gate):
    """Boxes must overlap: IoU >= ``min_iou`` (TKMR Eq. 5 uses 0.1).

    Boxes without an area, as around one joint, count as :func:`solid_boxes`.

    Raises:
        ValueError: ``min_iou`` is not in (0, 1].
    """

    def __init__(self, *, min_iou: float = 0.1):
        if not 0 < min_iou <= 1:
            raise ValueError(f"min_iou must be in (0, 1], got {min_iou}")
        self.min_iou = min_iou

    def __call__(self, current: People, previous: People) -> np.ndarray:
        """See :class:`Gate`."""
        boxes, others = solid_boxes(current.boxes), solid_boxes(previous.boxes)
        return pairwise_iou(boxes, others) >= self.min_iou


@TASK_UTILS.register_module()
class CenterDistanceGate(Gate):
    """Box centres must be near: at most ``max_distance`` diagonals of the larger box apart.

    Boxes without an area, as around one joint, count as :func:`solid_boxes`.

    Raises:
        ValueError: ``max_distance`` is not positive.
    """

    def __init__(self, *, max_distance: float = 1.0):
        if max_distance <= 0:
            raise ValueError(f"max_distance must be positive, got {max_distance}")
        self.max_distance = max_distance

    def __call__(self, current: People, previous: People) -> np.ndarray:
        """See :class:`Gate`."""
        a, b = solid_boxes(current.boxes), solid_boxes(previous.boxes)
        centers_a, centers_b = a[:, :2] + a[:, 2:], b[:, :2] + b[:, 2:]
        distance = np.linalg.norm(centers_a[:, None] - centers_b[None], axis=-1) / 2
        diagonal_a = np.linalg.norm(a[:, 2:] - a[:, :2], axis=1)
        diagonal_b = np.linalg.norm(b[:, 2:] - b[:, :2], axis=1)
        larger = np.maximum(diagonal_a[:, None], diagonal_b[None])
        return distance <= self.max_distance * larger
