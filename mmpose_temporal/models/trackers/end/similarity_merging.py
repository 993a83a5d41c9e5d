"""Merging by any similarity: does a track continue another?"""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from mmpose.registry import MODELS
from torch import nn

from mmpose_temporal.models.parts import Shared
from mmpose_temporal.models.similarities import Representation, Similarity, shared_joints
from mmpose_temporal.structures import FramePacket, Skeleton, select_all

from .scored_merging import ScoredMerging, TrackTable
from .track_ends import TrackEnds

MIRROR = 2**40
"""Tick at which time is mirrored: as seen backwards, a frame has the tick ``MIRROR - tick``."""

SEEN = "seen_joints"
"""Name of the joints that a similarity can compare, among its rows."""

BOX = "box_of_the_pose"
"""Name of the people's boxes, (M, 4) xyxy, among the rows; in the steady view, if there is one."""


@MODELS.register_module()
class SimilarityMerging(ScoredMerging):
    """Joins tracks by the similarity of the one's first pose with the other's end.

    The similarity is asked as in association, only later: the first pose of a track as the
    frame's, the end of each track that had ended before as what is remembered. All first poses of
    one frame are compared in one call.

    What is kept of a track are rows of the similarity: of its first pose and of its last one with
    its history, and mirrored ones of both with ``both_directions``.

    A gap is longer than what a similarity was made for: people have moved, and cameras have
    turned. On the 30 training videos of Multi-Person PoseTrack with simulated errors and long
    gaps :class:`TrackEntailment` was the best of those that need no image, with its ages as they
    are, with both directions and with a steady view; the first pose alone was as good as the mean
    over the first three (choices; figures in configs/keytrack). Nobody had moved by more than 0.6
    of a diagonal there in that view, so ``max_move`` is 1: the matcher is no judge of poses that
    lie further apart than any it was trained on, as after a cut.

    Args:
        similarity: Config of a :class:`Similarity`. None: that of the association, with its
            weights; what it embedded there is not embedded again if ``steady`` is False.
        min_similarity: Lowest similarity of a join.
        both_directions: Also ask whether the earlier track continues the later one backwards in
            time; the lower of the two counts (choice: both must agree). People are embedded
            once more for that, so leave it out where embedding is dear.
        steady: Compare places as they would be if the people who are tracked stood still, see
            :class:`SteadyView`. For similarities of poses: the image is not there then.
        max_move: Largest distance of the centres of the boxes of the two poses, in the mean of
            their diagonals. None: any.
        min_shared: How much of a person must be seen at both ends, see :class:`Association`.
        **limits: ``max_gap``, ``max_gap_seconds`` and ``min_poses`` of :class:`ScoredMerging`.

    Raises:
        ValueError: An option out of its range; when it is bound to a tracker, a similarity that
            moves poses along with the image, or compares them over fewer frames than ``max_gap``.
    """

    def __init__(
        self,
        *,
        similarity: dict | None = None,
        min_similarity: float = 0.05,
        both_directions: bool = True,
        steady: bool = True,
        max_move: float | None = 1.0,
        min_shared: float = 0.15,
        **limits: Any,
    ):
        super().__init__(min_similarity=min_similarity, **limits)
        if not 0 <= min_shared <= 1:
            raise ValueError(f"min_shared must be in [0, 1], got {min_shared}")
        if max_move is not None and not max_move > 0:
            raise ValueError(f"max_move must be positive, or None for any, got {max_move}")
        self.similarity: Similarity | None = (
            None if similarity is None else MODELS.build(similarity)
        )
        self._used: Shared[Similarity] = Shared(self.similarity)
        self.both_directions = both_directions
        self.steady = steady
        self.max_move = max_move
        self.min_shared = min_shared

    def bind(self, tracker: nn.Module) -> None:
        """Take the association's similarity if there is no own one, and check it."""
        if self.similarity is None:
            self._used.module = tracker.association.similarity
        else:
            self.similarity.bind(tracker)
        used = self._used.module
        name = type(used).__name__
        if type(used).advance is not Similarity.advance:
            raise ValueError(
                f"{name} moves poses along with the image from frame to frame, which is not done "
                "for tracks that have ended: give merging another similarity, as "
                "similarity=dict(type='MotionOKSSimilarity'), or use CorrespondenceMerging"
            )
        if None not in (used.max_distance, self.max_gap) and self.max_gap > used.max_distance:
            raise ValueError(
                f"max_gap is {self.max_gap}, but {name} compares poses at most "
                f"{used.max_distance} frames apart: lower max_gap, or raise max_distance"
            )

    def use_skeleton(self, skeleton: Skeleton) -> None:
        """See :class:`TrackerPart`."""
        if self.similarity is not None:
            self.similarity.use_skeleton(skeleton)

    @property
    def ready(self) -> bool:
        """Whether its own similarity has its weights."""
        return self.similarity is None or self.similarity.ready

    def signature(self) -> str:
        """See :class:`TrackerPart`: rows of another similarity or view do not fit."""
        used = "association" if self.similarity is None else self.similarity.signature()
        flags = f"both_directions={self.both_directions}, steady={self.steady}"
        return f"{type(self).__name__} of {used} ({flags})"

    def start(self) -> TrackEnds:
        """See :class:`ScoredMerging`."""
        return TrackEnds()

    @torch.no_grad()
    def keep(self, kept: TrackEnds, packet: FramePacket) -> None:
        """See :class:`ScoredMerging`.

        Raises:
            ValueError: The similarity needs the image, and ``steady`` is set.
        """
        similarity, ids = self._used.module, packet.people.track_ids
        if self.steady:
            kept.view.follow(packet.people)
            people = kept.view.steadied(packet.people)
            packet = replace(packet, people=people, image=None, features={}, comparison=None)
        current = self._embedded(packet)
        extended = kept.extended(similarity, ids, current)
        mirrored = None
        if self.both_directions:
            mirrored = self._embedded(replace(packet, tick=MIRROR - packet.tick, comparison=None))
        people = packet.people
        current, extended = (
            {**rows, SEEN: similarity.seen_joints(people, rows), BOX: people.boxes}
            for rows in (current, extended)
        )
        kept.add(ids, current, extended, mirrored)

    def _embedded(self, packet: FramePacket) -> Representation:
        known, similarity = packet.comparison, self._used.module
        if known is not None and similarity.same_as(known.similarity):
            return known.current
        try:
            return similarity.embed(packet)
        except ValueError as error:
            if not self.steady:
                raise
            raise ValueError(
                f"{error}. Merging with steady=True compares poses alone: set steady=False for "
                "similarities that look at the image"
            ) from error

    @torch.no_grad()
    def scores(self, kept: TrackEnds, tracks: TrackTable, pairs: np.ndarray) -> np.ndarray:
        """See :class:`ScoredMerging`: (N, N) similarities, the lower one of both directions."""
        similarity, ids = self._used.module, tracks.ids
        ends, mirrored = kept.ends(ids)
        starts = kept.first_poses(ids)
        pairs = pairs & self._seen_enough(starts.pop(SEEN), ends.pop(SEEN))
        pairs &= self._near_enough(starts.pop(BOX), ends.pop(BOX))
        if similarity.max_distance is not None:
            pairs &= tracks.firsts - tracks.lasts[:, None] <= similarity.max_distance
        scores = self._compared(starts, tracks.firsts, ends, pairs)
        if self.both_directions:
            backwards = kept.reversed_starts(similarity, ids)
            scores = np.minimum(
                scores, self._compared(mirrored, tracks.lasts, backwards, pairs.T).T
            )
        return scores

    def _seen_enough(self, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """(N, N) bool, row: the end of a track, column: the start; as in association."""
        if self.min_shared == 0:
            return np.ones((len(ends), len(starts)), bool)
        if not self._used.module.compares_joints:
            return ends.any(1)[:, None] & starts.any(1)
        ends, starts = ends.astype(np.float32), starts.astype(np.float32)
        shared, larger = shared_joints(ends, starts)
        return (shared > 0) & (shared >= self.min_shared * larger)

    def _near_enough(self, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """(N, N) bool, likewise, of boxes."""
        if self.max_move is None:
            return np.ones((len(ends), len(starts)), bool)
        centers = [(boxes[:, :2] + boxes[:, 2:]) / 2 for boxes in (ends, starts)]
        sizes = [np.linalg.norm(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (ends, starts)]
        apart = np.linalg.norm(centers[0][:, None] - centers[1], axis=-1)
        return apart <= self.max_move * (sizes[0][:, None] + sizes[1]) / 2

    def _compared(
        self, poses: Representation, ticks: np.ndarray, tracks: Representation, pairs: np.ndarray
    ) -> np.ndarray:
        """Score pairs, those of the poses of one frame in one call.

        Args:
            poses: Rows of N poses.
            ticks: (N,) int64, of their frames.
            tracks: Rows of N tracks.
            pairs: (N, N) bool, row: the track, column: the pose.

        Returns:
            (N, N) float32, likewise; NaN where nothing was compared.
        """
        table = np.full(pairs.shape, np.nan, np.float32)
        wanted = pairs.any(0)
        for tick in np.unique(ticks[wanted]):
            mine = np.flatnonzero(wanted & (ticks == tick))
            theirs = np.flatnonzero(pairs[:, mine].any(1))
            asked = pairs[np.ix_(theirs, mine)].T
            found = self._used.module.pairwise(
                select_all(poses, mine), select_all(tracks, theirs), asked
            )
            if found.allowed is not None:
                asked = asked & found.allowed
            table[np.ix_(theirs, mine)] = np.where(asked, found.total, np.nan).T
        return table
