"""Give the people of each frame the ids of people seen in several frames before.

Source: Snower et al., 15 Keypoints Is All You Need, CVPR 2020, sections 3.1 and A.4.
"""

from collections.abc import Sequence

import numpy as np
from mmpose.registry import MODELS

from mmpose_temporal.evaluation.functional import match_accuracy
from mmpose_temporal.models.similarities import Representation
from mmpose_temporal.structures import UNTRACKED, FramePoses

from .assignment import GreedyAssignment
from .association import Association, TrackMemory, cat_rows, select_all
from .feats import Feats


@MODELS.register_module()
class HistoryAssociation(Association):
    """Compares each pose with the poses of the last frames, not with a track's last pose alone.

    A pose's score for a track is its highest similarity with any of the track's poses in the
    last ``history`` frames. The rest is as in :class:`Association`; ids are unique in a frame,
    by default given in the order of the score (choice: 3.1 says only that a pose takes the id of
    its highest score). What is remembered is bounded by ``history`` frames, and what is scored
    by ``history * nearest`` pairs a pose.

    Where the true identities of poses are known (``feats['person_known_ids']``, -1: not known),
    :func:`~mmpose_temporal.evaluation.functional.match_accuracy` is counted of each frame before
    ids are assigned: people against remembered poses, the true identities of both, whatever ids
    the tracker gave (``memory.match_counts``).

    Args:
        similarity: Config of a :class:`Similarity`.
        history: Frames that are remembered (delta of the paper), >= 1; a frame counts whether it
            has people or not.
        nearest: Of each remembered frame only so many poses are compared, those whose centres
            are nearest (n of the paper). None: all.
        assignment: Config of an :class:`Assignment`. Default: :class:`GreedyAssignment`.
        min_similarity: Lowest score of a match, > 0.
        gates: Configs of gates.
        max_age: Frames that a track is looked for after its last pose, 1 to ``history``. None:
            ``history``.
        new_track_thr: Lowest ``pose_scores`` of a pose that starts a track.

    Raises:
        ValueError: An option out of its range, or a history longer than the similarity's
            ``max_distance``.
    """

    def __init__(
        self,
        *,
        similarity: dict,
        history: int = 4,
        nearest: int | None = None,
        assignment: dict | None = None,
        min_similarity: float = 0.5,
        gates: Sequence[dict] = (),
        max_age: int | None = None,
        new_track_thr: float = 0.0,
    ):
        if history < 1:
            raise ValueError(f"history must be 1 frame or more, got {history}")
        if nearest is not None and nearest < 1:
            raise ValueError(f"nearest must be 1 pose or more, or None for all, got {nearest}")
        if max_age is not None and max_age > history:
            raise ValueError(
                f"max_age must be at most history: a track not seen for {max_age} frames has no "
                f"pose in the last {history}"
            )
        super().__init__(
            similarity=similarity,
            assignment=assignment or dict(type=GreedyAssignment),
            min_similarity=min_similarity,
            gates=gates,
            max_age=history if max_age is None else max_age,
            new_track_thr=new_track_thr,
        )
        limit = self.similarity.max_distance
        if limit is not None and history > limit:
            raise ValueError(
                f"history is {history} frames, but {type(self.similarity).__name__} scores poses "
                f"at most {limit} frames apart: lower history, or raise the similarity's "
                "max_distance"
            )
        self.history = history
        self.nearest = nearest

    def _match(
        self, memory: TrackMemory, poses: FramePoses, current: Representation, feats: Feats
    ) -> tuple[np.ndarray, np.ndarray]:
        """See :class:`Association`; of a track's rows in the memory, one stands for all."""
        known = feats.get("person_known_ids")
        memory.match_counts = None if known is None else (0, 0)
        if not len(memory) or not len(poses):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        near = None
        if self.nearest is not None:
            near = nearest_pairs(poses, memory.poses, memory.last_seen, self.nearest)
        scores, pairs = self._score(memory, poses, current, near)
        if pairs is not None:
            scores = np.where(pairs, scores, -np.inf)
        if known is not None:
            counts = match_accuracy(scores, known, memory.known_ids)
            memory.match_counts = (counts.correct, counts.total)
        order = np.argsort(memory.ids, kind="stable")
        starts = np.flatnonzero(np.diff(memory.ids[order], prepend=UNTRACKED))
        best = np.maximum.reduceat(scores[:, order], starts, axis=1)
        rows, tracks = self.assignment(best, best >= self.min_similarity)
        return rows, order[starts][tracks]

    def _forget(self, memory: TrackMemory, frame_index: int) -> None:
        """Drop frames beyond the history, and tracks not seen for more than ``max_age``."""
        if not len(memory):
            return
        age = frame_index - memory.last_seen
        alive = age <= self.history
        if self.max_age < self.history:
            alive &= np.isin(memory.ids, memory.ids[age <= self.max_age])
        if not alive.all():
            memory.ids, memory.last_seen = memory.ids[alive], memory.last_seen[alive]
            memory.poses, memory.known_ids = memory.poses[alive], memory.known_ids[alive]
            memory.representation = select_all(memory.representation, alive)

    @staticmethod
    def _remember(
        memory: TrackMemory,
        poses: FramePoses,
        current: Representation,
        matched: np.ndarray,
        frame_index: int,
        feats: Feats,
    ) -> None:
        """The people seen now, then those of earlier frames."""
        known = feats.get("person_known_ids")
        known = np.full(len(poses), UNTRACKED) if known is None else known
        tracked = poses.track_ids != UNTRACKED
        if not tracked.all():
            poses, current, known = poses[tracked], select_all(current, tracked), known[tracked]
        ids, seen = poses.track_ids, np.full(len(poses), frame_index, np.int64)
        if len(memory):
            ids = np.concatenate([ids, memory.ids])
            seen = np.concatenate([seen, memory.last_seen])
            known = np.concatenate([known, memory.known_ids])
            poses = FramePoses.cat([poses, memory.poses])
            current = cat_rows(current, memory.representation)
        memory.ids, memory.last_seen, memory.known_ids = ids, seen, known
        memory.poses, memory.representation = poses, current


def nearest_pairs(
    current: FramePoses, previous: FramePoses, times: np.ndarray, nearest: int
) -> np.ndarray:
    """Of each earlier frame the poses nearest to each current one.

    Args:
        current: M_t people.
        previous: E people of earlier frames.
        times: (E,) frame of each of them.
        nearest: People of each frame that are picked; of several at the same distance, the
            first. Distance is that of the centres: means of the keypoints that are present, of
            the box where there is none.

    Returns:
        (M_t, E) bool.
    """
    offsets = pose_centers(current)[:, None] - pose_centers(previous)
    distance = np.hypot(offsets[..., 0], offsets[..., 1])
    near = np.zeros(distance.shape, dtype=bool)
    for time in np.unique(times):
        columns = np.flatnonzero(times == time)
        order = distance[:, columns].argsort(axis=1, kind="stable")[:, :nearest]
        np.put_along_axis(near, columns[order], True, axis=1)
    return near


def pose_centers(poses: FramePoses) -> np.ndarray:
    """(M, 2) means of the keypoints that are present, pixels; box centres where there is none."""
    present = (poses.keypoint_scores > 0)[..., None]
    count = present.sum(1)
    mean = np.where(present, poses.keypoints, 0).sum(1) / np.maximum(count, 1)
    return np.where(count > 0, mean, (poses.boxes[:, :2] + poses.boxes[:, 2:]) / 2)
