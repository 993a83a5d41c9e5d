"""Remove poses that describe a person who is described better already.

Each part looks at all pairs of a frame at once and then keeps poses in an order (ties: the earlier
one).

A pose of a few joints lies exactly on a whole person and may score higher, so two rules keep it
from removing that person (choices; a pose that has all its joints is not concerned by either):

- The order is that of :func:`evidence`, the sum of a pose's joint scores times its box score,
  instead of their mean. So of two poses with the same scores the more complete one stays.
- Parts that compare joints remove a pose only if the better one has at least the share
  ``min_covered`` of its joints. ``min_covered=0`` is the published way: any joint that both have
  is enough, and the order is that of
  :attr:`~mmpose_temporal.structures.People.pose_scores`.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from mmpose.registry import TASK_UTILS

from mmpose_temporal.models.parts import TrackerPart
from mmpose_temporal.models.similarities import OKSSimilarity, pairwise_iou, solid_boxes
from mmpose_temporal.structures import People, Skeleton


class Suppression(TrackerPart, ABC):
    """Chooses the poses of a frame that stay."""

    @abstractmethod
    def __call__(self, poses: People) -> np.ndarray:
        """Indices of the poses that stay, ascending, (M',) int64."""


def evidence(poses: People) -> np.ndarray:
    """(M,) float32: the sum of the scores of a pose's joints, times its box score."""
    joints = np.maximum(poses.keypoint_scores, 0).sum(1, dtype=np.float64)
    return (poses.box_scores * joints).astype(np.float32)


class GreedySuppression(Suppression):
    """Keep the best pose, drop those that are the same person, go on with the rest."""

    min_covered: float | None = None
    """Lowest share of a pose's joints that a better pose must have to remove it, in [0, 1]; 0: the
    published way; None: joints are not compared."""

    @abstractmethod
    def same_person(self, poses: People) -> np.ndarray:
        """(M, M) bool: the pose of the row is the same person as that of the column."""

    def __call__(self, poses: People) -> np.ndarray:
        """See :class:`Suppression`."""
        if len(poses) < 2:
            return np.arange(len(poses))
        same = self.same_person(poses)
        same.reshape(-1)[:: len(poses) + 1] = False  # a pose is no duplicate of itself
        if self.min_covered and same.any():
            same &= covered(poses) >= self.min_covered
        if not same.any():
            return np.arange(len(poses))
        keep = np.ones(len(poses), dtype=bool)
        scores = poses.pose_scores if self.min_covered == 0 else evidence(poses)
        order = np.argsort(-scores, kind="stable")
        for rank, index in enumerate(order):
            if keep[index]:
                later = order[rank + 1 :]
                keep[later[same[index, later]]] = False
        return np.flatnonzero(keep)


def covered(poses: People) -> np.ndarray:
    """(M, M) float32: which share of the joints of the column's pose that of the row has too."""
    present = (poses.keypoint_scores > 0).astype(np.float32)
    return (present @ present.T) / np.maximum(present.sum(1), 1)


@TASK_UTILS.register_module()
class BoxNMS(GreedySuppression):
    """cNMS: two detections are one person if the IoU of their boxes exceeds ``iou_thr``.

    Boxes without an area, as around one joint, count as :func:`solid_boxes`.

    Raises:
        ValueError: ``iou_thr`` is not in [0, 1].
    """

    def __init__(self, *, iou_thr: float = 0.65):
        self.iou_thr = _in_unit_range("iou_thr", iou_thr)

    def same_person(self, poses: People) -> np.ndarray:
        """See :class:`GreedySuppression`."""
        boxes = solid_boxes(poses.boxes)
        return pairwise_iou(boxes, boxes) > self.iou_thr


@TASK_UTILS.register_module()
class PoseNMS(GreedySuppression):
    """pNMS of TKMR (section 3.1): one person if most keypoint pairs are close.

    Two detections are one person if more than ``min_share`` of the joints that both have lie
    within ``distance`` of each other.

    Args:
        distance: As a share of the larger box's diagonal. The paper gives none (choice: of the
            26,085 pairs of two annotated people in a frame of Multi-Person PoseTrack 0.05 takes 18
            for one person, 0.1 takes 229; on small synthetic videos with duplicate boxes AP was
            49.1, 49.6, 49.0 and 48.1 with 0.02, 0.05, 0.1 and 0.15).
        min_share: The paper's 50 %.
        min_covered: See :class:`GreedySuppression`; 0 is the paper's.

    Raises:
        ValueError: ``distance`` is not positive, ``min_share`` or ``min_covered`` not in [0, 1].
    """

    def __init__(
        self, *, distance: float = 0.05, min_share: float = 0.5, min_covered: float = 0.5
    ):
        if distance <= 0:
            raise ValueError(f"distance must be positive, got {distance}")
        self.distance = distance
        self.min_share = _in_unit_range("min_share", min_share)
        self.min_covered = _in_unit_range("min_covered", min_covered)

    def same_person(self, poses: People) -> np.ndarray:
        """See :class:`GreedySuppression`."""
        present = poses.keypoint_scores > 0
        both = present[:, None] & present[None]
        apart = np.linalg.norm(poses.keypoints[:, None] - poses.keypoints[None], axis=-1)
        boxes = solid_boxes(poses.boxes) if self.min_covered else poses.boxes
        diagonals = np.linalg.norm(boxes[:, 2:] - boxes[:, :2], axis=1)
        limit = self.distance * np.maximum(diagonals[:, None], diagonals[None])
        close = (both & (apart <= limit[..., None])).sum(-1)
        return close > self.min_share * both.sum(-1)


@TASK_UTILS.register_module()
class OKSNMS(GreedySuppression):
    """One person if the object keypoint similarity exceeds ``oks_thr``.

    The similarity is that of the joints that both poses have.

    Args:
        oks_thr: Threshold.
        min_covered: See :class:`GreedySuppression`; 0 is mmpose's way.
        sigmas: As for :class:`OKSSimilarity`.

    Raises:
        ValueError: ``oks_thr`` or ``min_covered`` is not in [0, 1].
    """

    def __init__(
        self,
        *,
        oks_thr: float = 0.9,
        min_covered: float = 0.5,
        sigmas: Sequence[float] | None = None,
    ):
        self.oks_thr = _in_unit_range("oks_thr", oks_thr)
        self.min_covered = _in_unit_range("min_covered", min_covered)
        self.similarity = OKSSimilarity(missing_joints="ignore", sigmas=sigmas)

    def use_skeleton(self, skeleton: Skeleton) -> None:
        """Take the sigmas of the data, see :class:`OKSSimilarity`."""
        self.similarity.use_skeleton(skeleton)

    def same_person(self, poses: People) -> np.ndarray:
        """See :class:`GreedySuppression`."""
        return self.similarity.between(poses) > self.oks_thr


@TASK_UTILS.register_module()
class SoftOKSNMS(Suppression):
    """Lower the rank of a pose by its similarity to better ones, and keep the best.

    The score of a pose is multiplied by ``exp(-oks^2 / oks_thr)`` for every better pose that is
    kept, as mmpose's ``soft_oks_nms`` does; the scores that are written stay what they were.

    Args:
        oks_thr: Width of the decay.
        max_poses: Poses kept in a frame at most.
        min_score: A pose whose lowered score falls below this goes.
        min_covered: See :class:`GreedySuppression`: a pose is not lowered by one that has fewer
            of its joints; 0 is mmpose's way.
        sigmas: As for :class:`OKSSimilarity`.

    Raises:
        ValueError: ``oks_thr`` not in (0, 1], ``max_poses`` < 1, ``min_score`` < 0,
            ``min_covered`` not in [0, 1].
    """

    def __init__(
        self,
        *,
        oks_thr: float = 0.9,
        max_poses: int = 20,
        min_score: float = 0.0,
        min_covered: float = 0.5,
        sigmas: Sequence[float] | None = None,
    ):
        if not 0 < oks_thr <= 1 or max_poses < 1 or min_score < 0:
            raise ValueError(
                "SoftOKSNMS needs 0 < oks_thr <= 1, max_poses >= 1 and min_score >= 0, got "
                f"{oks_thr}, {max_poses}, {min_score}"
            )
        self.oks_thr = oks_thr
        self.max_poses = max_poses
        self.min_score = min_score
        self.min_covered = _in_unit_range("min_covered", min_covered)
        self.similarity = OKSSimilarity(missing_joints="ignore", sigmas=sigmas)

    def use_skeleton(self, skeleton: Skeleton) -> None:
        """Take the sigmas of the data, see :class:`OKSSimilarity`."""
        self.similarity.use_skeleton(skeleton)

    def __call__(self, poses: People) -> np.ndarray:
        """See :class:`Suppression`."""
        decay = np.exp(-(self.similarity.between(poses) ** 2) / self.oks_thr)
        scores = poses.pose_scores.astype(np.float64)
        rank = scores.copy()
        if self.min_covered:
            decay[covered(poses) < self.min_covered] = 1
            rank = evidence(poses).astype(np.float64)
        kept: list[int] = []
        waiting = np.ones(len(poses), dtype=bool)
        while len(kept) < self.max_poses:
            waiting &= scores >= self.min_score
            if not waiting.any():
                break
            best = int(np.where(waiting, rank, -np.inf).argmax())
            kept.append(best)
            waiting[best] = False
            scores *= decay[best]
            rank *= decay[best]
        return np.array(sorted(kept), dtype=np.int64)


def _in_unit_range(name: str, value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be in [0, 1], got {value}")
    return value
