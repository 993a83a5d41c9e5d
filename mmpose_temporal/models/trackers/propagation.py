"""People of the frame before, offered as candidates in the next one."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from mmengine.model import BaseModule
from mmpose.structures import PoseDataSample

from mmpose_temporal.structures import FramePoses

DETECTED = -1
"""Source of a candidate that was detected in the frame itself."""


@dataclass(slots=True)
class PropagationMemory:
    """What a propagation knows of one video: the people of the last frame that was searched.

    Attributes:
        poses: Its people, all with an id; None before the first frame.
        unseen: (M,) int64, for how many frames in a row, up to this one, each of them was there
            by propagation alone.
        extra: What a propagation of its own adds, as features of the frame.
    """

    poses: FramePoses | None = None
    unseen: np.ndarray | None = None
    extra: Any = None

    def __len__(self) -> int:
        return 0 if self.poses is None else len(self.poses)


@dataclass(frozen=True, slots=True)
class Candidates:
    """People that may be in a frame: P boxes to estimate, and poses that need no estimator.

    Attributes:
        boxes: (P, 4) float32 xyxy, pixels.
        scores: (P,) float32, their box scores.
        sources: (P + Q,) int64, the row of the person in :class:`PropagationMemory` that the
            candidate comes from, :data:`DETECTED` for a detection; boxes first, then poses.
        unseen: (P + Q,) int64, what :class:`PropagationMemory` counts, if the candidate stays: 0
            for a detection.
        poses: Q poses for this frame, offered as they are. None: no such poses.
        num_suppressed: Detections that were taken out already.
    """

    boxes: np.ndarray
    scores: np.ndarray
    sources: np.ndarray
    unseen: np.ndarray
    poses: FramePoses | None = None
    num_suppressed: int = 0

    def __post_init__(self) -> None:
        total = len(self.boxes) + (0 if self.poses is None else len(self.poses))
        lengths = len(self.scores), len(self.sources), len(self.unseen)
        if lengths != (len(self.boxes), total, total):
            raise ValueError(
                f"candidates need a score for each of their {len(self.boxes)} boxes, a source and "
                f"a count for each of their {total} boxes and poses, got {lengths}"
            )

    @classmethod
    def of_detections(cls, boxes: np.ndarray, scores: np.ndarray) -> "Candidates":
        """Only what was detected in the frame."""
        number = len(boxes)
        return cls(
            boxes=boxes,
            scores=scores,
            sources=np.full(number, DETECTED, np.int64),
            unseen=np.zeros(number, np.int64),
        )


@dataclass(frozen=True, slots=True)
class MergedPoses:
    """The people of a frame after detected and propagated ones were compared.

    Attributes:
        rows: (M,) int64, the candidates that stay.
        poses: They themselves, in that order; boxes and box scores may have changed.
        unseen: (M,) int64 as in :class:`PropagationMemory`; 0 for a person backed by a detection.
        num_given_up: People of the frame before that nothing backs and that may not stay.
    """

    rows: np.ndarray
    poses: FramePoses
    unseen: np.ndarray
    num_given_up: int = 0


class Propagation(BaseModule):
    """Offers the people of the last frame that was searched as candidates in the next one.

    A frame's way through it: :meth:`propose` offers boxes beside the detected ones, which go
    through the estimator with them in one batch, or poses that need no estimator; :meth:`merge`
    chooses among the resulting poses; after suppression and association :meth:`remember` keeps
    the frame's people, those with an id, for the next frame. The memory is of one video, made at
    its start and dropped at its end, and holds one frame.

    A frame that is not searched (unreadable, or without labels where people are looked for at
    annotated boxes) is passed over: the people of the frame before it are offered in the frame
    after it (choice: as tracks do not age in such frames either).

    Args:
        max_propagated: Frames in a row that a person is kept without any detection. Guards
            against a false alarm that confirms itself for ever: its box is estimated again and
            again, and an estimator always answers something (choice; the papers give none. The
            propagations here have 4, as many frames as KeyTrack's association looks back).
        min_confidence: Least :func:`confidence` in [0, 1] of a person kept by propagation alone.

    Raises:
        ValueError: ``max_propagated`` < 1 or ``min_confidence`` not in [0, 1].
    """

    def __init__(self, *, max_propagated: int, min_confidence: float):
        super().__init__()
        if max_propagated < 1:
            raise ValueError(
                f"max_propagated must be 1 frame or more, got {max_propagated}; without "
                "propagation: propagation=None"
            )
        if not 0 <= min_confidence <= 1:
            raise ValueError(f"min_confidence must be in [0, 1], got {min_confidence}")
        self.max_propagated = max_propagated
        self.min_confidence = min_confidence

    def start_video(self) -> PropagationMemory:
        """The memory of a video that begins."""
        return PropagationMemory()

    @abstractmethod
    def propose(
        self, memory: PropagationMemory, image: np.ndarray, boxes: np.ndarray, scores: np.ndarray
    ) -> Candidates:
        """Offer candidates.

        Args:
            memory: The people of the frame before; none at the first frame.
            image: (H, W, 3) uint8 BGR, the frame that they are offered in.
            boxes: (D, 4) float32 xyxy, pixels: the detections of the frame that passed the
                tracker's threshold.
            scores: (D,) float32.

        Returns:
            Detections and offers; the boxes have an area.
        """

    @abstractmethod
    def merge(
        self,
        memory: PropagationMemory,
        poses: FramePoses,
        sources: np.ndarray,
        unseen: np.ndarray,
    ) -> MergedPoses:
        """Choose among the poses of the candidates.

        Args:
            memory: As for :meth:`propose`.
            poses: Of P candidates, those that are left after the tracker's thresholds.
            sources: (P,) int64 as in :class:`Candidates`.
            unseen: (P,) int64 as in :class:`Candidates`.
        """

    def remember(
        self,
        memory: PropagationMemory,
        image: np.ndarray | None,
        poses: FramePoses,
        unseen: np.ndarray,
    ) -> None:
        """Keep what the next frame needs.

        Args:
            memory: Changed in place.
            image: (H, W, 3) uint8 BGR, the frame; None where only poses were given.
            poses: Its people with an id.
            unseen: (M,) int64 of them, see :class:`MergedPoses`.
        """
        memory.poses, memory.unseen = poses, unseen

    def may_stay(self, poses: FramePoses, unseen: np.ndarray) -> np.ndarray:
        """(M,) bool: the people that a detection backs (``unseen`` 0) or the limits admit."""
        admitted = (unseen <= self.max_propagated) & (confidence(poses) >= self.min_confidence)
        return (unseen == 0) | admitted


def confidence(poses: FramePoses) -> np.ndarray:
    """(M,) float32, mean score of all K keypoints; a joint that is absent counts 0.

    Choice: over all K, so that two sure joints are no better than a whole pose that is nearly as
    sure.
    """
    return np.maximum(poses.keypoint_scores, 0).mean(1, dtype=np.float64).astype(np.float32)


def turns(samples: Sequence[PoseDataSample]) -> list[list[int]]:
    """The frames of a batch in the order in which a propagation may look at them.

    Returns:
        Positions in the batch: of each video the first frame, then of each the second, ...
    """
    seen: Counter = Counter()
    order: list[list[int]] = []
    for position, sample in enumerate(samples):
        turn = seen[sample.video_id]
        seen[sample.video_id] += 1
        if turn == len(order):
            order.append([])
        order[turn].append(position)
    return order
