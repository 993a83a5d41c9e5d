"""People of the previous frame, proposed as candidates in the current one."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from mmengine.model import BaseModule
from mmpose.structures import PoseDataSample

from mmpose_temporal.models.parts import TrackerPart
from mmpose_temporal.structures import UNSEEN, FramePacket, People, plain_state

DETECTED = -1
"""Source of a candidate that was detected in the frame itself."""

SOURCE = "source"
"""Extra of people who were candidates, beside ``UNSEEN``; see :class:`PersonCandidates`."""


@plain_state
@dataclass(slots=True, eq=False)
class LastFrame:
    """What a propagation keeps of one video: people of the last frame with detection.

    Attributes:
        people: All with an id; None before the first frame. Their extra ``unseen``, (M,) int64,
            is the number of consecutive frames, up to this one, in which each of them was found
            only by propagation.
    """

    people: People | None = None

    def __len__(self) -> int:
        return 0 if self.people is None else len(self.people)

    @property
    def unseen(self) -> np.ndarray:
        """(M,) int64, see the class."""
        return self.people.extras[UNSEEN]


@dataclass(frozen=True, slots=True, eq=False)
class PersonCandidates:
    """P boxes in a frame that may hold a person, to be estimated.

    Attributes:
        boxes: (P, 4) float32 xyxy, pixels.
        scores: (P,) float32, their box scores.
        sources: (P,) int64, the row of the person in :class:`LastFrame` that the candidate comes
            from, :data:`DETECTED` for a detection.
        unseen: (P,) int64, what :class:`LastFrame` counts, if the candidate stays: 0 for a
            detection.
        num_suppressed: Detections that were removed already.
    """

    boxes: np.ndarray
    scores: np.ndarray
    sources: np.ndarray
    unseen: np.ndarray
    num_suppressed: int = 0

    def __post_init__(self) -> None:
        lengths = len(self.scores), len(self.sources), len(self.unseen)
        if lengths != (len(self.boxes),) * 3:
            raise ValueError(
                f"candidates need a score, a source and a count for each of their "
                f"{len(self.boxes)} boxes, got {lengths}"
            )

    @classmethod
    def of_detections(cls, boxes: np.ndarray, scores: np.ndarray) -> "PersonCandidates":
        """Only what was detected in the frame."""
        number = len(boxes)
        return cls(
            boxes=boxes,
            scores=scores,
            sources=np.full(number, DETECTED, np.int64),
            unseen=np.zeros(number, np.int64),
        )


class Propagation(BaseModule, TrackerPart):
    """Proposes the people of the previous frame as candidates in the current one.

    For each frame, :meth:`propose` adds boxes to the detected ones, which go through the
    estimator with them in one batch; :meth:`merge` chooses among the resulting poses; after
    suppression and association :meth:`observe` keeps the frame's people with an id for the next
    frame. The state of a video holds one frame.

    A frame in which people are not detected (``searched`` False: unreadable, or without labels
    and with annotated boxes) is skipped: the people of the frame before it are proposed in the
    frame after it (choice: as tracks do not age in such frames either).

    Args:
        max_propagated: Number of consecutive frames that a person is kept without any detection.
            It limits how long a false positive is propagated: its box is estimated again and
            again, and an estimator always returns a pose (choice; the papers give none. The
            propagations here have 4, as many frames as KeyTrack's association looks back).
        min_confidence: Lowest :func:`confidence`, in [0, 1], of a person kept only by propagation.

    Raises:
        ValueError: ``max_propagated`` < 1 or ``min_confidence`` not in [0, 1].
    """

    needs_previous_frame = True

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

    def start_video(self) -> LastFrame:
        """See :class:`TrackerPart`."""
        return LastFrame()

    @abstractmethod
    def propose(
        self, last: LastFrame, packet: FramePacket, boxes: np.ndarray, scores: np.ndarray
    ) -> PersonCandidates:
        """Propose candidates.

        Args:
            last: The people of the previous frame; none at the first frame.
            packet: The frame that they are proposed in, with its image and features.
            boxes: (D, 4) float32 xyxy, pixels: the detections of the frame that passed the
                tracker's threshold.
            scores: (D,) float32.

        Returns:
            Detections and proposals; the boxes have an area.
        """

    @abstractmethod
    def merge(self, last: LastFrame, people: People) -> tuple[People, int]:
        """Choose among the poses of the candidates.

        Args:
            last: As for :meth:`propose`.
            people: Of P candidates, those that are left after the tracker's thresholds, with the
                extras ``source`` and ``unseen`` of :class:`PersonCandidates`.

        Returns:
            Those who stay (boxes, box scores and ``unseen`` may have changed; 0 for a person
            with a detection), and the number of people of the previous frame who have none and
            may not stay.
        """

    def observe(self, last: LastFrame, packet: FramePacket) -> None:
        """See :class:`TrackerPart`: keep what the next frame needs."""
        people = packet.people
        if UNSEEN not in people.extras:
            people = people.with_extras(**{UNSEEN: np.zeros(len(people), np.int64)})
        last.people = people.only_extras(UNSEEN)

    def may_stay(self, poses: People, unseen: np.ndarray) -> np.ndarray:
        """(M,) bool: the people with a detection (``unseen`` 0) or within the limits."""
        admitted = (unseen <= self.max_propagated) & (confidence(poses) >= self.min_confidence)
        return (unseen == 0) | admitted


def confidence(poses: People) -> np.ndarray:
    """(M,) float32, mean score of all K keypoints; a joint that is absent counts 0.

    Choice: over all K, so that two confident joints are no better than a whole pose that is
    nearly as confident.
    """
    return np.maximum(poses.keypoint_scores, 0).mean(1, dtype=np.float64).astype(np.float32)


def turns(samples: Sequence[PoseDataSample]) -> list[list[int]]:
    """The frames of a batch in the order in which parts may see them that need frame t-1.

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
