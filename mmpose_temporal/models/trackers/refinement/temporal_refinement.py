"""TKMR's refinement of poses by those of the same person in the neighbouring frames."""

import logging
from collections.abc import Sequence

import numpy as np
import torch
from mmengine.logging import print_log
from mmpose.registry import MODELS
from torch import Tensor, nn

from mmpose_temporal.models.heads import KeypointMatchingHead
from mmpose_temporal.models.parts import Shared
from mmpose_temporal.models.pose_estimators import find_describer
from mmpose_temporal.models.similarities import KeypointMatchingSimilarity, Representation
from mmpose_temporal.structures import FramePacket, People, Skeleton

from ..association import IoUGate
from .base import Refinement
from .window import (
    NOBODY,
    Context,
    Neighbour,
    RefinementRecord,
    RefinementWindow,
    make_record,
)

MIN_IOU = 0.1
"""The IoU test of Eq. 5 in the paper."""

AS_NEIGHBOUR = {"second", "present", "candidate_evidence"}
"""What is still needed of a frame's people when they were refined themselves."""


@MODELS.register_module()
class TemporalRefinement(Refinement):
    """TKMR's refinement (section 3.3): candidates are rescored with matched poses as context.

    From each pose a path goes back to t - tau and one forward to t + tau, from a frame to the
    person with the highest similarity (Eq. 5) in the next one. For every candidate l of keypoint
    k Eq. 6 adds to its feature H(l) the features at the neighbours' predicted places, each times
    the probability W that the two places are of one person, and divides by the number of frames.
    Row k of the refinement head's 1x1 convolution returns the new response; the keypoint moves
    to the best candidate, and its score becomes that response, which is not bound to [0, 1].

    Choices, as the paper says nothing or would do harm:

    - The sum is divided by the number of frames that the path really has, itself included: at a
      video's ends, and if a path breaks off, 2 tau + 1 would shrink the responses.
    - A path ends if nobody passes the IoU test of Eq. 5.
    - In Eq. 5 the later person of a pair comes first, in both directions, so that each pair of
      frames is scored once; in W the candidate comes first.
    - The window counts frames of the video. Frames in which people were not detected are skipped.
    - Embeddings and scores that association computed by the same similarity are reused.
    - Neighbours are poses of the estimator, not refined ones.
    - A joint that is absent stays absent, so ``keypoint_score_thr`` of the tracker removes joints
      for good; the predicted places of neighbours count whatever they score.

    Frames are returned tau frames later, the rest at the end of the video. At most 2 tau + 1
    frames are in memory.

    Args:
        tau: Number of frames on each side; 0: nothing is refined (supplement, Table 1).
        num_candidates: n, largest number of candidates per keypoint.
        context: False: self-refinement (method M6). Responses come from the pose's own features,
            no frame waits, and tau has no influence.
        context_weight: Factor on a neighbour's part of the sum, and on its part of the number of
            frames. 1: Eq. 6. Less than 1 (choice, for small networks) if the probabilities W of
            right places scatter, so that a sum over many neighbours depends more on W than on
            the place. Train with the same weight, see :class:`TemporalKeypointLoss`.
        min_iou: The IoU test of Eq. 5.
        joints: Keypoints that count in Eq. 5, see :class:`KeypointMatchingSimilarity`; best those
            of the association, which then has scored most pairs already. None: all K.

    Raises:
        ValueError: ``tau`` < 0 or ``num_candidates`` < 1; ``tau=0`` with ``context=False``;
            ``context_weight`` <= 0; ``joints``, or a weight or ``min_iou`` other than by default,
            with ``context=False``; ``joints`` names no keypoint.
    """

    def __init__(
        self,
        *,
        tau: int = 5,
        num_candidates: int = 16,
        context: bool = True,
        context_weight: float = 1.0,
        min_iou: float = MIN_IOU,
        joints: Sequence[int] | None = None,
    ):
        super().__init__()
        if tau < 0 or num_candidates < 1:
            raise ValueError(
                f"tau must be 0 or more and num_candidates 1 or more, got {tau} and "
                f"{num_candidates}"
            )
        if tau == 0 and not context:
            raise ValueError(
                "tau=0 switches refinement off and context=False asks for self-refinement: leave "
                "tau out, or context"
            )
        if not context_weight > 0:
            raise ValueError(f"context_weight must be positive, got {context_weight}")
        if context_weight != 1 and not context:
            raise ValueError("context_weight weighs the context, and context=False has none")
        if (joints is not None or min_iou != MIN_IOU) and not context:
            raise ValueError(
                "joints and min_iou are those by which paths are searched, and context=False "
                "searches none: leave them out, or context"
            )
        similarity = KeypointMatchingSimilarity(joints=joints)
        self.tau = tau
        self.num_candidates = num_candidates
        self.context = context
        self.context_weight = context_weight
        self.gate = IoUGate(min_iou=min_iou)
        self.similarity = similarity if context and tau else None
        self._bound: Shared[nn.Module] = Shared()

    def bind(self, tracker: nn.Module) -> None:
        """Take the estimator's heads; warn if its loss had other options of the context.

        Raises:
            ValueError: It lacks them, or keeps fewer candidates than asked for.
        """
        estimator = tracker.estimator
        if not self.tau or estimator is None:
            return
        head = getattr(estimator, "refinement_head", None)
        matching = getattr(estimator, "matching_head", None)
        describer = find_describer(estimator, "candidate_evidence")
        with_context = isinstance(matching, KeypointMatchingHead)
        if head is None or describer is None or (self.context and not with_context):
            raise ValueError(
                "TemporalRefinement needs estimator=dict(type='TemporalPoseEstimator', "
                "refinement_head=dict(type='KeypointRefinementHead', ...), "
                "describers=[dict(type='KeypointDescriber')]), and with context "
                "matching_head=dict(type='KeypointMatchingHead', ...)"
            )
        if self.num_candidates > describer.num_candidates:
            raise ValueError(
                f"num_candidates is {self.num_candidates}, but the estimator keeps "
                f"{describer.num_candidates}: raise num_candidates of its KeypointDescriber"
            )
        self._bound.module = head
        for name in ("context", "context_weight"):
            mine = getattr(self, name)
            trained = getattr(getattr(estimator, "temporal_loss", None), name, mine)
            if trained != mine:
                print_log(
                    f"TemporalRefinement has {name}={mine}, the loss that trains it has "
                    f"{trained}: refined scores have another scale than in training",
                    logger="current",
                    level=logging.WARNING,
                )
        if self.context:
            self.similarity.bind(tracker)

    @property
    def ready(self) -> bool:
        """Whether the heads that it uses were trained, or have weights of a checkpoint."""
        head, context = self._bound.module, self.similarity
        return (head is None or head.ready) and (context is None or context.ready)

    def use_skeleton(self, skeleton: Skeleton) -> None:
        """See :class:`TrackerPart`: names of ``joints`` are those of the data."""
        if self.similarity is not None and self._bound.module is not None:
            self.similarity.use_skeleton(skeleton)

    def start_video(self) -> RefinementWindow:
        """See :class:`Refinement`."""
        return RefinementWindow(self.tau if self.context else 0)

    @torch.no_grad()
    def push(self, window: RefinementWindow, packet: FramePacket) -> list[FramePacket]:
        """See :class:`Refinement`.

        What observers get, as ``refinement``: a :class:`RefinementRecord`, or None if
        nobody is in the frame.

        Raises:
            ValueError: The frame has people without the candidates of an estimator, or there is
                no estimator to take the responses from.
        """
        if not self.tau:
            return [packet]
        newest = self._neighbour(packet)
        self._link(window, newest, packet)
        packet.comparison = None
        window.frames.append(newest)
        return self._release(window, newest.index - window.reach)

    @torch.no_grad()
    def flush(self, window: RefinementWindow) -> list[FramePacket]:
        """See :class:`Refinement`."""
        return self._release(window, window.frames[-1].index) if window.frames else []

    def _release(self, window: RefinementWindow, last: int) -> list[FramePacket]:
        """Refine the frames up to position ``last``, and forget what no later one needs."""
        finished = []
        for position, held in enumerate(window.frames):
            if held.index > last:
                break
            if held.frame is not None:
                held.frame.people, record = self._refine(window, position)
                if held.frame.records is not None:
                    held.frame.records["refinement"] = record
                finished.append(held.frame)
                held.frame = None
                held.people = {name: held.people[name] for name in AS_NEIGHBOUR & {*held.people}}
        while window.frames and window.frames[0].index <= last - window.reach:
            window.frames.popleft()
        return finished

    def _neighbour(self, packet: FramePacket) -> Neighbour:
        """What the window keeps of a frame."""
        poses, people = packet.people, {}
        if len(poses):
            names = ["candidates", "candidate_scores", "candidate_evidence"]
            names += ["candidate_features"] if self.context else []
            missing = [name for name in names if name not in poses.extras]
            if missing or self._bound.module is None:
                raise ValueError(
                    "TemporalRefinement needs the candidates of a TemporalPoseEstimator with a "
                    "refinement_head: use it in a PoseTracker that has one "
                    f"(missing: {', '.join(missing) or 'the estimator'})"
                )
            people = {name: poses.extras[name][:, :, : self.num_candidates] for name in names}
            if self.context:
                known = packet.comparison
                shared = known is not None and self.similarity.same_as(known.similarity)
                people.update(known.current if shared else self.similarity.embed(packet))
        packet.people = poses.only_extras()
        nobody = np.full(len(poses), NOBODY, np.int64)
        return Neighbour(
            index=packet.index,
            searched=packet.searched,
            poses=packet.people,
            people=people,
            before=nobody,
            after=nobody.copy(),
            frame=packet,
        )

    def _link(self, window: RefinementWindow, newest: Neighbour, packet: FramePacket) -> None:
        """The best matches between a frame and the previous one with detection."""
        last = next(window.walk(len(window.frames), -1, newest.index), None)
        if last is None or not len(newest.poses) or not len(last.poses):
            return
        pairs = self.gate(newest.poses, last.poses)
        scores = np.full(pairs.shape, np.nan, np.float32)
        known = packet.comparison
        if known is not None and self.similarity.same_as(known.similarity):
            before = known.tracks.last_seen == packet.tick - 1
            scores = known.masked_scores()[:, before].copy()
        new = pairs & np.isnan(scores)
        if new.any():
            scores[new] = self.similarity.pairwise(newest.people, last.people, new).total[new]
        scores = np.where(pairs, scores, -np.inf)
        newest.before = np.where(pairs.any(1), scores.argmax(1), NOBODY)
        last.after = np.where(pairs.any(0), scores.argmax(0), NOBODY)

    def _refine(
        self, window: RefinementWindow, position: int
    ) -> tuple[People, RefinementRecord | None]:
        """The poses of a frame with refined keypoints, and how they came about."""
        held = window.frames[position]
        poses, people = held.poses, held.people
        if not len(poses):
            return poses, None
        context = list(window.paths(position)) if self.context else []
        weights = self._weights(people, context)
        responses = self._responses(people, context, weights)
        valid = torch.isfinite(people["candidate_scores"])
        responses = responses.masked_fill(~valid, float("-inf"))
        scores, best = responses.max(-1)
        places = people["candidates"].gather(2, best[..., None, None].expand(-1, -1, 1, 2))
        best, scores, places = (x.cpu().numpy() for x in (best, scores, places[:, :, 0]))
        present = poses.keypoint_scores > 0
        moved = (present & (best > 0))[..., None]  # candidate 0 is the keypoint as it is
        refined = poses.replace(
            keypoints=np.where(moved, places, poses.keypoints).astype(np.float32),
            keypoint_scores=np.where(present, scores, poses.keypoint_scores).astype(np.float32),
        )
        watched = held.frame.records is not None
        record = make_record(held, context, weights, responses) if watched else None
        return refined, record

    def _responses(
        self, people: Representation, context: Context, weights: list[Tensor]
    ) -> Tensor:
        """(M, K, n) float32: row k of the 1x1 convolution on the aggregated features of Eq. 6.

        The convolution is linear, so that row k of the sum of features is the weighted sum of
        row k of each.
        """
        total = people["candidate_evidence"].float().clone()
        frames = torch.ones(len(total), device=total.device)
        # A pose is in each frame once, and the frames come in a fixed order: so do the sums.
        for (rows, matches, held), weight in zip(context, weights, strict=True):
            mine, theirs = (torch.from_numpy(x).to(total.device) for x in (rows, matches))
            evidence = held.people["candidate_evidence"][theirs, :, :1].float()
            total[mine] += self.context_weight * weight * evidence
            frames[mine] += self.context_weight
        bias = self._bound.module.final_layer.bias.float()
        return total / frames[:, None, None] + bias[:, None]

    def _weights(self, people: Representation, context: Context) -> list[Tensor]:
        """For each frame on the paths (P, K, n) float32: W of candidates and predicted places."""
        if not context:
            return []
        classifiers = self.similarity.head.classifiers
        features = people["candidate_features"].transpose(1, 2)  # (M, n, K, C)
        device, num = features.device, features.shape[1]
        pairs = torch.from_numpy(np.concatenate([rows for rows, _, _ in context])).to(device)
        second = [
            held.people["second"][torch.from_numpy(matches).to(device)]
            for _, matches, held in context
        ]
        weights = classifiers.pair_probabilities(
            classifiers.project_first(features).flatten(0, 1),
            torch.cat(second),
            (pairs[:, None] * num + torch.arange(num, device=device)).flatten(),
            torch.arange(len(pairs), device=device).repeat_interleave(num),
        )
        weights = weights.unflatten(0, (-1, num)).transpose(1, 2).float()
        return list(weights.split([len(rows) for rows, _, _ in context]))
