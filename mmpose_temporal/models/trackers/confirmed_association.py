"""Association in which tracks have to prove themselves."""

from typing import Any

import numpy as np
from mmpose.registry import MODELS

from mmpose_temporal.models.similarities import Representation
from mmpose_temporal.structures import UNTRACKED, FramePoses

from .association import Association, TrackMemory, select_all
from .feats import Feats


@MODELS.register_module()
class ConfirmedAssociation(Association):
    """Tracks that were seen often enough choose their poses first, and live longer.

    A detector now and then finds a person twice, or nobody. Such a pose starts a track too, but
    a tentative one: poses are first assigned to the tracks with at least ``confirm_length``
    poses, what is left to the others, and these end when they are not seen for more than
    ``tentative_age`` frames. So a double cannot take the id of the person it doubles, and needs
    no suppression by overlap, which would also take people who stand before each other.

    Give the tracker ``min_length=confirm_length`` so that the poses of tracks that were never
    confirmed are not reported.

    Args:
        confirm_length: Poses of a confirmed track, 1 or more.
        tentative_age: As ``max_age``, for tracks with fewer; at most ``max_age``.
        **association: Options of :class:`Association`.

    Raises:
        ValueError: An option out of its range.
    """

    def __init__(self, *, confirm_length: int = 3, tentative_age: int = 2, **association: Any):
        super().__init__(**association)
        if confirm_length < 1:
            raise ValueError(f"confirm_length must be 1 or more, got {confirm_length}")
        if not 1 <= tentative_age <= self.max_age:
            raise ValueError(
                f"tentative_age must be 1 to max_age ({self.max_age}), got {tentative_age}"
            )
        self.confirm_length = confirm_length
        self.tentative_age = tentative_age

    def _match(
        self, memory: TrackMemory, poses: FramePoses, current: Representation, feats: Feats
    ) -> tuple[np.ndarray, np.ndarray]:
        """See :class:`Association`."""
        if not len(memory) or not len(poses):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        scores, pairs = self._score(memory, poses, current)
        allowed = scores >= self.min_similarity
        if pairs is not None:
            allowed &= pairs
        confirmed = memory.lengths >= self.confirm_length
        rows, columns = self.assignment(scores, allowed & confirmed)
        left = np.ones(len(poses), dtype=bool)
        left[rows] = False
        if not left.any() or confirmed.all():
            return rows, columns
        more, tentative = self.assignment(scores, allowed & ~confirmed & left[:, None])
        return np.concatenate([rows, more]), np.concatenate([columns, tentative])

    def _forget(self, memory: TrackMemory, frame_index: int) -> None:
        """Drop the tracks that were not seen for too long."""
        if not len(memory):
            return
        confirmed = memory.lengths >= self.confirm_length
        limit = np.where(confirmed, self.max_age, self.tentative_age)
        alive = frame_index - memory.last_seen <= limit
        if not alive.all():
            memory.ids, memory.last_seen = memory.ids[alive], memory.last_seen[alive]
            memory.poses, memory.lengths = memory.poses[alive], memory.lengths[alive]
            memory.representation = select_all(memory.representation, alive)

    def _remember(
        self,
        memory: TrackMemory,
        poses: FramePoses,
        current: Representation,
        matched: np.ndarray,
        frame_index: int,
        feats: Feats,
    ) -> None:
        """See :class:`Association`; with the tracks' lengths."""
        ids = poses.track_ids[poses.track_ids != UNTRACKED]
        lengths = np.ones(len(ids), np.int64)
        if len(memory):
            lengths += ((ids[:, None] == memory.ids) * memory.lengths).sum(1)
            waiting = np.ones(len(memory), dtype=bool)
            waiting[matched] = False
            lengths = np.concatenate([lengths, memory.lengths[waiting]])
        super()._remember(memory, poses, current, matched, frame_index, feats)
        memory.lengths = lengths
