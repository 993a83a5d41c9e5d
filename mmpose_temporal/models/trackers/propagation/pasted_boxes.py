"""Propagation that pastes the boxes of the previous frame into the current one."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmcv.ops import nms
from mmpose.registry import MODELS

from mmpose_temporal.models.similarities import OKSSimilarity, pairwise_iou
from mmpose_temporal.structures import UNSEEN, FramePacket, People, Skeleton, enclosing_boxes

from .base import (
    DETECTED,
    SOURCE,
    LastFrame,
    PersonCandidates,
    Propagation,
    confidence,
)


class PastedBoxes(Propagation):
    """Pastes the box of each person at the same place of the next frame (KeyTrack, 3.3).

    The box is the one around the joints that are present, its sides enlarged by ``alpha``; the
    cropper's own padding is added, as for a detection. A person whose joints span no area,
    or whose box lies outside the frame, is not proposed.

    Args:
        alpha: Factor of the box's sides, >= 1.
        **limits: Options of :class:`Propagation`.

    Raises:
        ValueError: ``alpha`` < 1.
    """

    def __init__(self, *, alpha: float, **limits: Any):
        super().__init__(**limits)
        if not alpha >= 1:
            raise ValueError(f"alpha must be 1 or more, got {alpha}")
        self.alpha = alpha

    def propose(
        self, last: LastFrame, packet: FramePacket, boxes: np.ndarray, scores: np.ndarray
    ) -> PersonCandidates:
        """See :class:`Propagation`: all detections, and a box for each person."""
        if not len(last):
            return PersonCandidates.of_detections(boxes, scores)
        pasted = enlarged_boxes(last.people, self.alpha)
        height, width = packet.image.shape[:2]
        inside = np.clip(pasted, 0, np.array([width, height] * 2, np.float32))
        rows = np.flatnonzero((inside[:, 2:] > inside[:, :2]).all(1))
        return PersonCandidates(
            boxes=np.concatenate([boxes, pasted[rows]]),
            scores=np.concatenate([scores, last.people.box_scores[rows]]),
            sources=np.concatenate([np.full(len(boxes), DETECTED, np.int64), rows]),
            unseen=np.concatenate([np.zeros(len(boxes), np.int64), last.unseen[rows] + 1]),
        )


@MODELS.register_module()
class TemporalOKS(PastedBoxes):
    """Temporal OKS, TOKS (KeyTrack, 3.3, Algorithm 1 and A.4).

    Each person of the previous frame is estimated again in this frame, in the box pasted from
    there; then OKS decides which detected and propagated poses are the same person:

    - A propagated pose belongs to the detection with the highest OKS, if it is at least
      ``oks_thr``. Of a detection and the most similar pose among those that belong to it, the one
      with the higher :func:`confidence` stays (a tie: the detection); the others that belong to
      it are duplicates, and are dropped.
    - A propagated pose that belongs to no detection recovers a miss, and stays, within
      ``max_propagated`` and ``min_confidence``. Two of them that are one person are left to
      the tracker's suppression, as two detections are.

    Box scores are not used (A.4). Choice: a pose that replaces a detection has the detection's
    box score, and one that was recovered has that of its person in the previous frame, so it is
    the score of the last detection. The box of both is the one around its joints, enlarged by
    ``alpha``.

    Args:
        oks_thr: Lowest OKS of one person, in (0, 1]; the paper compares 0.3, 0.35 and 0.5
            (Table 2).
        alpha: See :class:`PastedBoxes`; the paper has 1.25 and tried 1.4 (A.1).
        max_propagated: See :class:`Propagation`.
        min_confidence: See :class:`Propagation`.
        sigmas: As for :class:`OKSSimilarity`.

    Raises:
        ValueError: An option out of its range.
    """

    def __init__(
        self,
        *,
        oks_thr: float = 0.35,
        alpha: float = 1.25,
        max_propagated: int = 4,
        min_confidence: float = 0.0,
        sigmas: Sequence[float] | None = None,
    ):
        super().__init__(alpha=alpha, max_propagated=max_propagated, min_confidence=min_confidence)
        if not 0 < oks_thr <= 1:
            raise ValueError(f"oks_thr must be in (0, 1], got {oks_thr}")
        self.oks_thr = oks_thr
        self.similarity = OKSSimilarity(missing_joints="ignore", sigmas=sigmas)

    def use_skeleton(self, skeleton: Skeleton) -> None:
        """Take the sigmas of the data, see :class:`OKSSimilarity`."""
        self.similarity.use_skeleton(skeleton)

    def merge(self, last: LastFrame, people: People) -> tuple[People, int]:
        """See :class:`Propagation`."""
        sources, unseen = people.extras[SOURCE], people.extras[UNSEEN].copy()
        detected, moved = np.flatnonzero(sources == DETECTED), np.flatnonzero(sources != DETECTED)
        boxes, scores = people.boxes.copy(), people.box_scores.copy()
        boxes[moved] = enlarged_boxes(people[moved], self.alpha)
        people = people.replace(boxes=boxes)
        chosen, recovered = detected.copy(), moved
        if len(detected) and len(moved):
            belongs, rivals = self._compare(people[detected], people[moved])
            recovered = moved[~belongs.any(0)]
            sure = confidence(people)
            better = belongs.any(1) & (sure[moved[rivals]] > sure[detected])
            chosen[better] = moved[rivals[better]]
            scores[chosen], unseen[chosen] = scores[detected], 0
        rows = np.concatenate([chosen, recovered])
        people = people.replace(box_scores=scores).with_extras(**{UNSEEN: unseen})[rows]
        stays = self.may_stay(people, unseen[rows])
        return people[stays], int((~stays).sum())

    def _compare(self, detected: People, moved: People) -> tuple[np.ndarray, np.ndarray]:
        """Which propagated poses belong to a detection, and the most similar one of each.

        Returns:
            (D, P) bool with at most one True per column, and (D,) int64 indices into ``moved``,
            without meaning for a detection that none belongs to.
        """
        oks = self.similarity.between(detected, moved)
        nearest = np.arange(len(detected))[:, None] == oks.argmax(0)
        belongs = nearest & (oks >= self.oks_thr)
        return belongs, np.where(belongs, oks, -1).argmax(1)


@MODELS.register_module()
class BoxPropagation(PastedBoxes):
    """Propagates boxes, and lets NMS choose by box score which are estimated (KeyTrack, Table 2).

    Detected boxes and those pasted from the previous frame go through non-maximum suppression by
    their box scores; the rest is estimated. A pasted box has the score of its person in the
    previous frame, times ``decay``. It counts as detected if it suppresses a detection; otherwise
    it stays within ``max_propagated`` and ``min_confidence``.

    Args:
        nms_thr: Of two boxes whose IoU exceeds this the one that scores less is dropped, in
            [0, 1]. Choice: 0.3, since a person who stands still has an IoU of
            1 / alpha^2 = 0.64 with their own pasted box at best, and one who walks less.
        decay: In (0, 1]. With 1 a pasted box suppresses a detection that scores less.
        alpha: See :class:`PastedBoxes`.
        max_propagated: See :class:`Propagation`.
        min_confidence: See :class:`Propagation`.

    Raises:
        ValueError: An option out of its range.
    """

    def __init__(
        self,
        *,
        nms_thr: float = 0.3,
        decay: float = 1.0,
        alpha: float = 1.25,
        max_propagated: int = 4,
        min_confidence: float = 0.0,
    ):
        super().__init__(alpha=alpha, max_propagated=max_propagated, min_confidence=min_confidence)
        if not 0 <= nms_thr <= 1:
            raise ValueError(f"nms_thr must be in [0, 1], got {nms_thr}")
        if not 0 < decay <= 1:
            raise ValueError(f"decay must be in (0, 1], got {decay}")
        self.nms_thr = nms_thr
        self.decay = decay

    def propose(
        self, last: LastFrame, packet: FramePacket, boxes: np.ndarray, scores: np.ndarray
    ) -> PersonCandidates:
        """See :class:`Propagation`: the boxes that suppression leaves."""
        every = super().propose(last, packet, boxes, scores)
        moved = every.sources != DETECTED
        strength = np.where(moved, np.float32(self.decay) * every.scores, every.scores)
        _, kept = nms(
            torch.from_numpy(every.boxes), torch.from_numpy(strength), iou_threshold=self.nms_thr
        )
        kept = np.sort(kept.numpy())
        backed = (pairwise_iou(every.boxes[kept], boxes) > self.nms_thr).any(1)
        return PersonCandidates(
            boxes=every.boxes[kept],
            scores=strength[kept],
            sources=every.sources[kept],
            unseen=np.where(backed, 0, every.unseen[kept]),
            num_suppressed=int((~moved).sum() - (~moved[kept]).sum()),
        )

    def merge(self, last: LastFrame, people: People) -> tuple[People, int]:
        """See :class:`Propagation`: the boxes were chosen already."""
        stays = self.may_stay(people, people.extras[UNSEEN])
        return people[stays], int((~stays).sum())


def enlarged_boxes(poses: People, factor: float) -> np.ndarray:
    """(M, 4) float32 xyxy, pixels: boxes around the joints present, sides times ``factor``."""
    boxes = enclosing_boxes(poses.keypoints, poses.keypoint_scores > 0)
    centers, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2
    half = half * np.float32(factor)
    return np.concatenate([centers - half, centers + half], axis=1)
