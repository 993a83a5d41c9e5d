"""Give the people of each frame the ids of people seen before: similarity + assignment + life."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS

from mmpose_temporal.models.similarities import Representation
from mmpose_temporal.structures import UNTRACKED, FramePoses

from .assignment import HungarianAssignment
from .feats import Feats, select_rows
from .shared_scores import share_people, share_scores


@dataclass(slots=True)
class TrackMemory:
    """The live tracks of one video: the last pose of each.

    Attributes:
        next_id: Id of the next new track.
        ids: (L,) int64 ids of the live tracks.
        last_seen: (L,) int64 index of the frame of the last pose.
        poses: Last pose of each live track; None before the first frame.
        representation: What the similarity keeps of them.
        scene: What the similarity keeps of the video beside them, see
            :meth:`Similarity.advance`.
        match_counts: Of the newest frame, where true identities are known and the association
            counts them, see :class:`HistoryAssociation`: how many of its people have their
            highest similarity with a pose of the right identity, and how many there are.
        known_ids: (L,) int64 true identities, likewise; -1: not known.
        newest: Entries of ``feats`` about the people of the newest frame, for the parts after
            association, see :mod:`~.shared_scores`. None: there is no such part, and nothing is
            kept for it; a tracker that has one begins with an empty dict.
        time: Number of the newest frame on the clock of the tracks' age; None: there is none.
        lengths: (L,) int64 poses of each track so far, where the association counts them, see
            :class:`ConfirmedAssociation`.
    """

    next_id: int = 0
    ids: np.ndarray | None = None
    last_seen: np.ndarray | None = None
    poses: FramePoses | None = None
    representation: Representation | None = None
    scene: dict[str, Any] = field(default_factory=dict)
    match_counts: tuple[int, int] | None = None
    known_ids: np.ndarray | None = None
    lengths: np.ndarray | None = None
    newest: Feats | None = None
    time: int | None = None

    def __len__(self) -> int:
        return 0 if self.ids is None else len(self.ids)


@MODELS.register_module()
class Association(BaseModule):
    """Associates the poses of a frame with live tracks.

    A pose takes the id of the track it is assigned to, if their similarity is at least
    ``min_similarity`` and all gates let the pair through. A pose that is left starts a track,
    if its score is at least ``new_track_thr``; else it has no id and is not reported. A track
    ends when it was not seen for ``max_age`` frames. Ids count from 0 in each video and are
    never used again. Comparisons include the threshold.

    Args:
        similarity: Config of a :class:`Similarity`.
        assignment: Config of an :class:`Assignment`.
        min_similarity: Lowest similarity of a match, > 0.
        gates: Configs of gates.
        max_age: Frames that a track is looked for after its last pose, >= 1.
        new_track_thr: Lowest ``pose_scores`` of a pose that starts a track.

    Raises:
        ValueError: ``min_similarity`` <= 0, ``max_age`` < 1, or ``max_age`` beyond the
            similarity's ``max_distance``.
    """

    def __init__(
        self,
        *,
        similarity: dict,
        assignment: dict | None = None,
        min_similarity: float = 0.3,
        gates: Sequence[dict] = (),
        max_age: int = 1,
        new_track_thr: float = 0.0,
    ):
        super().__init__()
        if min_similarity <= 0:
            raise ValueError(f"min_similarity must be positive, got {min_similarity}")
        if max_age < 1:
            raise ValueError(f"max_age must be 1 frame or more, got {max_age}")
        self.similarity = MODELS.build(similarity)
        limit = self.similarity.max_distance
        if limit is not None and max_age > limit:
            raise ValueError(
                f"tracks are looked for {max_age} frames after their last pose, but "
                f"{type(self.similarity).__name__} scores poses at most {limit} frames apart: "
                "lower max_age (or history), or raise the similarity's max_distance"
            )
        self.assignment = MODELS.build(assignment or dict(type=HungarianAssignment))
        self.gates = [MODELS.build(gate) for gate in gates]
        self.min_similarity = min_similarity
        self.max_age = max_age
        self.new_track_thr = new_track_thr

    def step(
        self,
        memory: TrackMemory,
        poses: FramePoses,
        frame_index: int,
        feats: Feats | None = None,
    ) -> FramePoses:
        """Associate one frame and bring ``memory`` up to date.

        Args:
            memory: State of the video, changed in place.
            poses: The frame's people.
            frame_index: Number of the frame on the clock of the tracks' age, ascending: the
                trackers count the frames in which people were looked for. A gap ages the tracks.
            feats: What is known beside the poses, see :data:`~.feats.Feats`. None: only the
                time, which is ``frame_index``.

        Returns:
            The poses with their track ids, -1 where a pose is too weak to start a track.
        """
        if feats is None:
            feats = dict(frame_size=None, time=frame_index)
        current = self._begin(memory, poses, frame_index, feats)
        if memory.newest is not None:
            memory.newest = share_people(self.similarity, current)
        rows, columns = self._match(memory, poses, current, feats)
        ids = np.full(len(poses), UNTRACKED, np.int64)
        if len(rows):
            ids[rows] = memory.ids[columns]
            current = self.similarity.extend(current, rows, memory.representation, columns)
        if len(rows) < len(poses):
            new = np.flatnonzero((ids == UNTRACKED) & (poses.pose_scores >= self.new_track_thr))
            ids[new] = np.arange(memory.next_id, memory.next_id + len(new))
            memory.next_id += len(new)
        poses = poses.replace(track_ids=ids)
        self._remember(memory, poses, current, columns, frame_index, feats)
        memory.time = frame_index
        return poses

    def compare(
        self, memory: TrackMemory, poses: FramePoses, frame_index: int, feats: Feats
    ) -> tuple[np.ndarray, Representation, TrackMemory]:
        """What :meth:`step` would see, without taking it: for pictures.

        Args:
            memory: State of the video; it stays as it is.
            poses: The frame's people.
            frame_index: As in :meth:`step`.
            feats: As in :meth:`step`.

        Returns:
            (M, E) float32 similarities of the people with the E remembered poses, NaN for pairs
            that a gate stops; what the similarity knows of the people; and the memory as it is
            when they are compared.
        """
        memory = deepcopy(replace(memory, newest=None))
        current = self._begin(memory, poses, frame_index, feats)
        if not len(memory) or not len(poses):
            return np.zeros((len(poses), len(memory)), np.float32), current, memory
        pairs = self._gated(poses, memory.poses)
        scores = self.similarity.pairwise(current, memory.representation, pairs)
        return (scores if pairs is None else np.where(pairs, scores, np.nan)), current, memory

    def _begin(
        self, memory: TrackMemory, poses: FramePoses, frame_index: int, feats: Feats
    ) -> Representation:
        """Bring the memory to the time of a frame, and look at the frame's people."""
        self._forget(memory, frame_index)
        memory.representation = self.similarity.advance(memory.representation, feats, memory.scene)
        return self.similarity.embed(poses, feats)

    def _match(
        self, memory: TrackMemory, poses: FramePoses, current: Representation, feats: Feats
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the poses and of the memory that belong together."""
        if not len(memory) or not len(poses):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        scores, pairs = self._score(memory, poses, current)
        allowed = scores >= self.min_similarity
        if pairs is not None:
            allowed &= pairs
        return self.assignment(scores, allowed)

    def _score(
        self,
        memory: TrackMemory,
        poses: FramePoses,
        current: Representation,
        near: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """(M, E) similarities with those remembered, and (M, E) bool which pairs; None: all.

        ``near``, (M, E) bool, are the only pairs that may be scored; None: all.
        """
        pairs = self._gated(poses, memory.poses)
        if near is not None:
            pairs = near if pairs is None else pairs & near
        scores = self.similarity.pairwise(current, memory.representation, pairs)
        if memory.newest is not None:
            memory.newest.update(share_scores(scores, pairs, memory.last_seen == memory.time))
        return scores, pairs

    def _gated(self, poses: FramePoses, previous: FramePoses) -> np.ndarray | None:
        """(M_t, M_prev) bool, the pairs that all gates let through; None: all."""
        pairs = None
        for gate in self.gates:
            passed = gate(poses, previous)
            pairs = passed if pairs is None else pairs & passed
        return pairs

    def _forget(self, memory: TrackMemory, frame_index: int) -> None:
        """Drop the tracks that were not seen for more than ``max_age`` frames."""
        if not len(memory) or frame_index - memory.last_seen[-1] <= self.max_age:
            return  # the last one is the oldest, see _remember
        alive = frame_index - memory.last_seen <= self.max_age
        memory.ids = memory.ids[alive]
        memory.last_seen = memory.last_seen[alive]
        memory.poses = memory.poses[alive]
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
        """The tracks seen now, followed by the live ones not seen, the oldest last."""
        tracked = poses.track_ids != UNTRACKED
        if not tracked.all():
            poses, current = poses[tracked], select_all(current, tracked)
        ids, seen = poses.track_ids, np.full(len(poses), frame_index, np.int64)
        if len(matched) < len(memory):
            waiting = np.ones(len(memory), dtype=bool)
            waiting[matched] = False
            ids = np.concatenate([ids, memory.ids[waiting]])
            seen = np.concatenate([seen, memory.last_seen[waiting]])
            poses = FramePoses.cat([poses, memory.poses[waiting]])
            current = cat_rows(current, select_all(memory.representation, waiting))
        memory.ids, memory.last_seen = ids, seen
        memory.poses, memory.representation = poses, current


def select_all(representation: Representation, mask: np.ndarray) -> Representation:
    """Keep the people of a mask."""
    return {name: select_rows(value, mask) for name, value in representation.items()}


def cat_rows(first: Representation, second: Representation) -> Representation:
    """The people of both, in order."""
    return {
        name: (torch.cat if isinstance(value, torch.Tensor) else np.concatenate)(
            [value, second[name]]
        )
        for name, value in first.items()
    }
