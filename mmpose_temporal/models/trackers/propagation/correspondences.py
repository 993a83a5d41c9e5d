"""Recovery: people of the previous frame are looked for by correspondences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from mmpose.registry import MODELS
from torch import nn

from mmpose_temporal.models.correspondences.carried import FEATURE, FrameCorrespondences
from mmpose_temporal.models.correspondences.compared_joints import EARS, ComparedJoints
from mmpose_temporal.models.correspondences.letterbox import FrameEmbedding
from mmpose_temporal.models.similarities import OKSSimilarity
from mmpose_temporal.structures import (
    UNSEEN,
    FramePacket,
    People,
    Skeleton,
    enclosing_boxes,
    plain_state,
)

from .base import DETECTED, SOURCE, LastFrame, PersonCandidates, Propagation


@plain_state
@dataclass(slots=True, eq=False)
class EmbeddedFrame(LastFrame):
    """The people of the last frame, and its embedding.

    Attributes:
        embedding: None before the first frame.
    """

    embedding: FrameEmbedding | None = None


@MODELS.register_module()
class CorrespondencePropagation(Propagation):
    """Recovers people whom the detector missed, by correspondences (CorrTrack).

    Rafi et al., ECCV 2020, and the authors' code. Every person of the previous frame is looked for
    in this one, joint by joint. If ``min_found`` joints are found, the box around these, enlarged
    by a margin, is estimated, cut from the frame in full resolution. The pose stays if it has
    ``min_joints`` joints and is no known person: one that a detection of this frame shows.
    The tracker's ``suppression`` decides between two recovered poses of one person (the paper:
    ``OKSNMS(oks_thr=0.7, min_covered=0)``).

    The tracker needs a :class:`CorrespondenceEncoder`; the similarity may be any.

    Args:
        corr_thr: Confidence from which a joint is found, in (0, 1).
        joint_thr: Score from which a joint of a pose counts, for those that are looked for and
            those that are estimated.
        min_found: Joints that must be found, 1 or more.
        min_joints: Joints that a recovered pose must have, 1 or more.
        oks_thr: A recovered pose with a higher OKS with a detected one is that person. The
            authors' code also asks for 0.8 at a step before, which this implies.
        margin: Of the box around the found joints, pixels of the encoder's input.
        skip_joints: Names of joints that do not count as found and are not compared.
        max_propagated: See :class:`Propagation`. The paper sets no limit but the confidences.
        min_confidence: See :class:`Propagation`.
        sigmas: As for :class:`OKSSimilarity`.

    Raises:
        ValueError: An option out of its range.
    """

    needs_frame_encoder = True

    def __init__(
        self,
        *,
        corr_thr: float = 0.1,
        joint_thr: float = 0.1,
        min_found: int = 3,
        min_joints: int = 5,
        oks_thr: float = 0.6,
        margin: float = 10.0,
        skip_joints: Sequence[str] = EARS,
        max_propagated: int = 4,
        min_confidence: float = 0.0,
        sigmas: Sequence[float] | None = None,
    ):
        super().__init__(max_propagated=max_propagated, min_confidence=min_confidence)
        if not (0 < corr_thr < 1 and 0 <= joint_thr <= 1 and 0 < oks_thr <= 1):
            raise ValueError(
                "corr_thr must be in (0, 1), joint_thr in [0, 1] and oks_thr in (0, 1], got "
                f"{corr_thr}, {joint_thr}, {oks_thr}"
            )
        if min_found < 1 or min_joints < 1 or margin < 0:
            raise ValueError(
                "min_found and min_joints must be 1 or more and margin 0 or more, got "
                f"{min_found}, {min_joints}, {margin}"
            )
        self.corr_thr = corr_thr
        self.joint_thr = max(joint_thr, float(np.finfo(np.float32).tiny))
        self.min_found = min_found
        self.min_joints = min_joints
        self.oks_thr = oks_thr
        self.margin = margin
        self.joints = ComparedJoints(skip_joints, sigmas)
        self.similarity = OKSSimilarity(missing_joints="ignore", sigmas=sigmas)

    def bind(self, tracker: nn.Module) -> None:
        """Take the tracker's frame encoder.

        Raises:
            ValueError: It is no :class:`CorrespondenceEncoder`.
        """
        self.joints.bind(tracker.frame_encoder, type(self).__name__)

    def use_skeleton(self, skeleton: Skeleton) -> None:
        """Take the sigmas of the data, see :class:`OKSSimilarity`."""
        self.joints.use_skeleton(skeleton)
        self.similarity.use_skeleton(skeleton)

    def start_video(self) -> EmbeddedFrame:
        """See :class:`TrackerPart`."""
        return EmbeddedFrame()

    def observe(self, last: EmbeddedFrame, packet: FramePacket) -> None:
        """See :class:`Propagation`; the frame's embedding is kept, too."""
        super().observe(last, packet)
        last.embedding = packet.features[FEATURE].embedding

    def propose(
        self, last: EmbeddedFrame, packet: FramePacket, boxes: np.ndarray, scores: np.ndarray
    ) -> PersonCandidates:
        """See :class:`Propagation`: all detections, and a box for each person who is found."""
        if not len(last):
            return PersonCandidates.of_detections(boxes, scores)
        people, now = last.people, packet.features[FEATURE]
        found, rows = self._look_for(people, last.embedding, now)
        if packet.records is not None:
            packet.records["recovery"] = dict(boxes=found, sources=rows)
        return PersonCandidates(
            boxes=np.concatenate([boxes, found]),
            scores=np.concatenate([scores, people.box_scores[rows]]),
            sources=np.concatenate([np.full(len(boxes), DETECTED, np.int64), rows]),
            unseen=np.concatenate([np.zeros(len(boxes), np.int64), last.unseen[rows] + 1]),
        )

    def _look_for(
        self, people: People, embedding: FrameEmbedding, now: FrameCorrespondences
    ) -> tuple[np.ndarray, np.ndarray]:
        """Boxes (F, 4) in the frame, cut at its border, and the rows of the people in them."""
        asked = people.keypoint_scores >= self.joint_thr
        carried = now.carry(embedding, people.keypoints, asked)
        found = (carried.scores >= self.corr_thr) & self.joints.compared
        boxes = enclosing_boxes(carried.points, found)
        margin = now.embedding.length(self.margin)
        boxes = boxes + np.array([-1, -1, 1, 1], np.float32) * np.float32(margin)
        size = np.array(now.embedding.frame_size * 2, np.float32)
        boxes = boxes.clip(0, size)
        area = (boxes[:, 2:] > boxes[:, :2]).all(1)
        rows = np.flatnonzero((found.sum(1) >= self.min_found) & area)
        return boxes[rows], rows

    def merge(self, last: LastFrame, people: People) -> tuple[People, int]:
        """See :class:`Propagation`."""
        sources, unseen = people.extras[SOURCE], people.extras[UNSEEN]
        moved = np.flatnonzero(sources != DETECTED)
        if not len(moved):
            return people, 0
        detected = np.flatnonzero(sources == DETECTED)
        strong = self._compared(people)
        enough = (strong.keypoint_scores[moved] > 0).sum(1) >= self.min_joints
        known = self.similarity.between(strong[moved], strong[detected]) > self.oks_thr
        stays = enough & ~known.any(1) & self.may_stay(people[moved], unseen[moved])
        lost = np.setdiff1d(moved[~known.any(1)], moved[stays])
        kept = np.sort(np.concatenate([detected, moved[stays]]))
        return people[kept], len(lost)

    def _compared(self, people: People) -> People:
        """The people with only the joints that count."""
        compared = np.zeros(people.keypoint_scores.shape[1], bool)
        compared[self.joints.places[self.joints.compared]] = True
        count = compared & (people.keypoint_scores >= self.joint_thr)
        scores = np.where(count, people.keypoint_scores, np.float32(0))
        return people.replace(keypoint_scores=scores)
