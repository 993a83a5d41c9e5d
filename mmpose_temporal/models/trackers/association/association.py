"""Give the people of each frame the ids of people seen before: similarity + assignment + life."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.model import BaseModule
from mmpose.registry import MODELS, TASK_UTILS

from mmpose_temporal.models.parts import TrackerPart
from mmpose_temporal.models.similarities import (
    PairScores,
    Representation,
    Scene,
    Similarity,
    shared_joints,
)
from mmpose_temporal.structures import UNTRACKED, FramePacket, People, Skeleton, select_all

from ..moved_options import move_options
from .assignment import HungarianAssignment
from .births import Unmatched
from .depth import Depth, LastPose
from .life import Life, TrackLife
from .live_tracks import Associated, Comparison, LiveTracks, no_rows


@MODELS.register_module()
class Association(BaseModule, TrackerPart):
    """Associates the people of a frame with the live tracks of its video.

    A pose takes the id of the track it is assigned to, if their similarity is at least
    ``min_similarity`` and gates and similarity allow the pair. An unmatched pose starts a track,
    unless one of ``births`` rejects it; then it has no id and is not reported. Ids count from 0
    in each video and are never used again. Comparisons include the threshold.

    Args:
        similarity: Config of a :class:`Similarity`.
        assignment: Config of an :class:`Assignment`. Default: :class:`HungarianAssignment`.
        min_similarity: Lowest similarity of a match, > 0.
        min_shared: How much of a person must be seen for a match: the lowest number of joints
            that both have (:meth:`Similarity.seen_joints`), as a share of the joints of the one
            that has more. So one joint never continues the track of a whole person, whatever
            the similarity, and nobody without joints continues any; where boxes or pixels are
            compared, both must have a joint. 0: the published way, without this condition.
            Choice: 0.15, three of 17 joints, as of a head above a crowd.
        gates: Configs of :class:`Gate` parts.
        depth: Config of a :class:`Depth`, which poses of a track are compared. Default:
            :class:`LastPose`; ``type`` may be left out.
        life: Config of a :class:`Life`, how long tracks stay live. Default:
            :class:`TrackLife`; ``type`` may be left out.
        births: Configs of :class:`Births` parts, applied in order.
        **moved: ``max_age`` and ``new_track_thr``, which were options here before ``life`` and
            ``births``; accepted with a warning.

    Raises:
        ValueError: ``min_similarity`` <= 0, ``min_shared`` not in [0, 1]; tracks live longer than
            the depth remembers poses, or than the similarity's ``max_distance``.
    """

    def __init__(
        self,
        *,
        similarity: dict,
        assignment: dict | None = None,
        min_similarity: float = 0.3,
        min_shared: float = 0.15,
        gates: Sequence[dict] = (),
        depth: dict | None = None,
        life: dict | None = None,
        births: Sequence[dict] = (),
        **moved: Any,
    ):
        super().__init__()
        if min_similarity <= 0:
            raise ValueError(f"min_similarity must be positive, got {min_similarity}")
        if not 0 <= min_shared <= 1:
            raise ValueError(f"min_shared must be in [0, 1], got {min_shared}")
        life, births = move_options(moved, life, births)
        self.similarity: Similarity = MODELS.build(similarity)
        # Defaults by class: looking a name up makes mmpose's registry import all its networks.
        self.assignment = TASK_UTILS.build(assignment or dict(type=HungarianAssignment))
        self.gates = [TASK_UTILS.build(gate) for gate in gates]
        self.depth: Depth = TASK_UTILS.build({"type": LastPose, **(depth or {})})
        self.life: Life = TASK_UTILS.build({"type": TrackLife, **(life or {})})
        self.births = [TASK_UTILS.build(part) for part in births]
        self.min_similarity = min_similarity
        self.min_shared = min_shared
        self._check_ages()

    def _check_ages(self) -> None:
        """Tracks live no longer than they can be compared."""
        reach, limit = self.depth.reach, self.similarity.max_distance
        if self.life.max_age is None:
            self.life.max_age = reach or 1
        if self.life.in_seconds:
            if limit is not None and reach is None:
                raise ValueError(
                    f"{type(self.similarity).__name__} scores poses at most {limit} frames "
                    "apart: give the life's ages in frames, or a depth of History"
                )
            return
        max_age = self.life.max_age
        if reach is not None and max_age > reach:
            raise ValueError(
                f"max_age must be at most history: a track not seen for {max_age} frames has no "
                f"pose in the last {reach}"
            )
        longest = max_age if reach is None else reach
        if limit is not None and longest > limit:
            raise ValueError(
                f"tracks are looked for {longest} frames after a pose, but "
                f"{type(self.similarity).__name__} scores poses at most {limit} frames apart: "
                "lower max_age (or history), or raise the similarity's max_distance"
            )

    def bind(self, tracker: Any) -> None:
        """See :class:`TrackerPart`."""
        for part in (self.similarity, *self.gates, *self.births):
            if isinstance(part, TrackerPart):
                part.bind(tracker)

    def use_skeleton(self, skeleton: Skeleton) -> None:
        """See :class:`TrackerPart`."""
        for part in (self.similarity, *self.gates, *self.births):
            if isinstance(part, TrackerPart):
                part.use_skeleton(skeleton)

    def signature(self) -> str:
        """See :class:`TrackerPart`."""
        depth = f"{type(self.depth).__name__}({self.depth.reach or ''})"
        return f"{type(self).__name__} of {self.similarity.signature()} and {depth}"

    def start_video(self) -> LiveTracks:
        """See :class:`TrackerPart`."""
        return LiveTracks()

    def step(self, tracks: LiveTracks, packet: FramePacket) -> Associated:
        """Associate the people of one frame, and update ``tracks``.

        Args:
            tracks: State of the video, changed in place.
            packet: The frame, which is not changed. Its ``tick`` is the clock of the tracks'
                age, ascending; a gap ages the tracks.

        Returns:
            The people's ids, and the reasons if some have none.
        """
        people, similarity = packet.people, self.similarity
        ended = self._forget(tracks, packet)
        tracks.representation = similarity.advance(tracks.representation, packet, tracks.scene)
        current = similarity.embed(packet)
        before = tracks.snapshot()
        rows, columns, scores = self._match(before, people, current, tracks.scene)
        ids, lengths = np.full(len(people), UNTRACKED, np.int64), np.zeros(len(people), np.int64)
        after, rejected = current, {}
        if len(rows):
            ids[rows], lengths[rows] = before.ids[columns], before.lengths[columns] + 1
            after = similarity.extend(current, rows, before.representation, columns)
        if len(rows) < len(people):
            new = np.flatnonzero(ids == UNTRACKED)
            new, rejected = self._born(Unmatched(packet, new, ids.copy(), scores, before))
            ids[new] = np.arange(tracks.next_id, tracks.next_id + len(new))
            lengths[new] = 1
            tracks.next_id += len(new)
        people = people.with_ids(ids)
        self._remember(tracks, people, lengths, after, columns, packet)
        comparison = Comparison(similarity, people, current, before, packet.tick, scores)
        return Associated(ids, lengths, rejected, ended, comparison)

    def _match(
        self, tracks: LiveTracks, people: People, current: Representation, scene: Scene
    ) -> tuple[np.ndarray, np.ndarray, PairScores | None]:
        """Rows of the people and of the tracks that belong together, and the scores."""
        if not len(tracks) or not len(people):
            return no_rows(), no_rows(), None
        pairs = self.depth.near(people, tracks)
        for passed in (
            self._seen_enough(people, current, tracks),
            *(gate(people, tracks.people) for gate in self.gates),
        ):
            if passed is not None:
                pairs = passed if pairs is None else pairs & passed
        scores = self.similarity.pairwise(current, tracks.representation, pairs, scene)
        if pairs is not None:
            scores.allowed = pairs if scores.allowed is None else scores.allowed & pairs
        grouped = self.depth.columns(tracks)
        if grouped is None:
            allowed = scores.total >= self.min_similarity
            if scores.allowed is not None:
                allowed &= scores.allowed
            rows, columns = self._assign(scores.total, allowed, tracks.lengths)
            return rows, columns, scores
        order, starts = grouped
        total = scores.total
        if scores.allowed is not None:
            total = np.where(scores.allowed, total, -np.inf)
        best = np.maximum.reduceat(total[:, order], starts, axis=1)
        newest = order[starts]
        rows, found = self._assign(best, best >= self.min_similarity, tracks.lengths[newest])
        return rows, newest[found], scores

    def _seen_enough(
        self, people: People, current: Representation, tracks: LiveTracks
    ) -> np.ndarray | None:
        """(M, E) bool, the pairs with enough joints in common; None: all of them."""
        if self.min_shared == 0:
            return None
        ours = self.similarity.seen_joints(people, current).astype(np.float32)
        theirs = self.similarity.seen_joints(tracks.people, tracks.representation).astype(
            np.float32
        )
        if self.similarity.compares_joints:
            shared, larger = shared_joints(ours, theirs)
            enough = (shared > 0) & (shared >= self.min_shared * larger)
        else:
            enough = ours.any(1)[:, None] & theirs.any(1)
        return None if enough.all() else enough

    def _assign(
        self, scores: np.ndarray, allowed: np.ndarray, lengths: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows and tracks that are assigned, round by round."""
        rounds = self.life.rounds(lengths)
        if rounds is None:
            return self.assignment(scores, allowed)
        rows, columns = no_rows(), no_rows()
        left = np.ones(len(scores), dtype=bool)
        for mine in rounds:
            if not left.any():
                break
            more, tracks = self.assignment(scores, allowed & mine & left[:, None])
            rows, columns = np.concatenate([rows, more]), np.concatenate([columns, tracks])
            left[more] = False
        return rows, columns

    def _born(self, unmatched: Unmatched) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """The rows that start a track, and the rejected rows by reason."""
        rejected: dict[str, np.ndarray] = {}
        rows = unmatched.rows
        for part in self.births:
            if not len(rows):
                break
            may = part(
                Unmatched(
                    unmatched.packet,
                    rows,
                    unmatched.track_ids,
                    unmatched.scores,
                    unmatched.tracks,
                )
            )
            if not may.all():
                lost = rejected.get(part.reason, no_rows())
                rejected[part.reason] = np.concatenate([lost, rows[~may]])
                rows = rows[may]
        return rows, rejected

    def _forget(self, tracks: LiveTracks, packet: FramePacket) -> np.ndarray:
        """Drop the rows that are too old; returns the ids of the tracks that ended."""
        if self.life.in_seconds and packet.time is None:
            raise ValueError(
                f"video {packet.video_id}: the life of tracks is given in seconds, but frame "
                f"{packet.index} has no time: give samples 'time' or 'fps', a data set fps, or "
                "tools/track_poses.py --fps"
            )
        if not len(tracks):
            return no_rows()
        frames = packet.tick - tracks.last_seen
        ages = packet.time - tracks.last_time if self.life.in_seconds else frames
        reach = self.depth.reach
        # The last row is the oldest.
        if ages[-1] <= self.life.min_age and (reach is None or frames[-1] <= reach):
            return no_rows()
        grouped = self.depth.columns(tracks)
        if grouped is None:
            keep = self.life.alive(ages, tracks.lengths)
        else:
            order, starts = grouped
            newest = order[starts]  # of rows of one track the newest comes first
            alive = self.life.alive(ages[newest], tracks.lengths[newest])
            keep = np.empty(len(tracks), dtype=bool)
            keep[order] = np.repeat(alive, np.diff(starts, append=len(order)))
            if reach is not None:
                keep &= frames <= reach
        if keep.all():
            return no_rows()
        known = tracks.ids
        tracks.keep(keep)
        return np.setdiff1d(known, tracks.ids)

    def _remember(
        self,
        tracks: LiveTracks,
        people: People,
        lengths: np.ndarray,
        current: Representation,
        matched: np.ndarray,
        packet: FramePacket,
    ) -> None:
        """The tracks seen now, followed by the rows that stay; the oldest come last."""
        tracked = people.track_ids != UNTRACKED
        if not tracked.all():
            people, lengths = people[tracked], lengths[tracked]
            current = select_all(current, tracked)
        kept: np.ndarray | slice | None = None
        if not self.depth.one_row and len(tracks):
            kept = slice(None)
        elif len(matched) < len(tracks):
            kept = np.ones(len(tracks), dtype=bool)
            kept[matched] = False
        tracks.put_first(people, lengths, current, packet, kept)
