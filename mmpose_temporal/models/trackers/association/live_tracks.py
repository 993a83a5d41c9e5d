"""The live tracks of one video, as rows."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mmpose_temporal.models.similarities import PairScores, Representation, Similarity
from mmpose_temporal.structures import (
    UNTRACKED,
    FramePacket,
    People,
    cat_rows,
    plain_state,
    select_all,
)

KNOWN_IDS = "known_ids"
"""Extra of the people that is remembered with them: true identities, for match accuracy."""


def no_rows() -> np.ndarray:
    """(0,) int64."""
    return np.zeros(0, np.int64)


@plain_state
@dataclass(slots=True, eq=False)
class LiveTracks:
    """The poses of the live tracks of one video that later frames are compared with.

    E rows, one per remembered pose. With :class:`LastPose` a track has one row, with
    :class:`History` one for each of its poses in the last frames. The newest frame's people come
    first, in their order.

    Attributes:
        next_id: Id of the next new track.
        ids: (E,) int64 track ids.
        last_seen: (E,) int64, ``tick`` of the frame of each pose.
        last_time: (E,) float64, its time in seconds; NaN if it has none.
        lengths: (E,) int64, number of poses of the track up to that one.
        people: The poses; None before the first frame.
        representation: What the similarity keeps of them; None before the first frame.
        scene: What else the similarity keeps of the video, see :meth:`Similarity.advance`.
    """

    next_id: int = 0
    ids: np.ndarray = field(default_factory=no_rows)
    last_seen: np.ndarray = field(default_factory=no_rows)
    last_time: np.ndarray = field(default_factory=lambda: np.zeros(0))
    lengths: np.ndarray = field(default_factory=no_rows)
    people: People | None = None
    representation: Representation | None = None
    scene: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def keep(self, mask: np.ndarray) -> None:
        """Forget the rows where the (E,) bool ``mask`` is False."""
        self.ids = self.ids[mask]
        self.last_seen = self.last_seen[mask]
        self.last_time = self.last_time[mask]
        self.lengths = self.lengths[mask]
        self.people = self.people[mask]
        self.representation = select_all(self.representation, mask)

    def put_first(
        self,
        people: People,
        lengths: np.ndarray,
        representation: Representation,
        packet: FramePacket,
        kept: np.ndarray | None,
    ) -> None:
        """Remember the people of a frame, followed by the rows that stay.

        Args:
            people: Those with an id.
            lengths: (M,) int64, number of poses of their tracks.
            representation: What the similarity keeps of them.
            packet: The frame, with its tick and time.
            kept: (E,) bool, the rows that stay; None: no row.
        """
        people = people.only_extras(KNOWN_IDS)
        if kept is not None:
            people, self.people = _alike(people, self.people)
        ids, seen = people.track_ids, np.full(len(people), packet.tick, np.int64)
        times = np.full(len(people), np.nan if packet.time is None else packet.time)
        if kept is not None:
            ids = np.concatenate([ids, self.ids[kept]])
            seen = np.concatenate([seen, self.last_seen[kept]])
            times = np.concatenate([times, self.last_time[kept]])
            lengths = np.concatenate([lengths, self.lengths[kept]])
            people = People.cat([people, self.people[kept]])
            older = select_all(self.representation, kept)
            representation = cat_rows([representation, older])
        self.ids, self.last_seen, self.last_time, self.lengths = ids, seen, times, lengths
        self.people, self.representation = people, representation

    def snapshot(self) -> "LiveTracks":
        """The current rows: later steps replace the arrays and change none of them."""
        return LiveTracks(
            self.next_id,
            self.ids,
            self.last_seen,
            self.last_time,
            self.lengths,
            self.people,
            self.representation,
        )


def known_ids_of(people: People) -> np.ndarray:
    """(M,) int64 true identities; -1 for all if nothing is known of them."""
    known = people.extras.get(KNOWN_IDS)
    return np.full(len(people), UNTRACKED, np.int64) if known is None else known


def _alike(*parts: People) -> tuple[People, ...]:
    """People who all have true identities, or none of them has."""
    having = [KNOWN_IDS in people.extras for people in parts]
    if all(having) or not any(having):
        return parts
    return tuple(people.with_extras(**{KNOWN_IDS: known_ids_of(people)}) for people in parts)


@dataclass(slots=True, eq=False)
class Comparison:
    """What association compared in a frame, for the stages after it and for observers.

    Attributes:
        similarity: Whose scores and representation they are.
        people: The M people of the frame, with the ids that they got (-1: none).
        current: What the similarity knows about them.
        tracks: The E rows that they were compared with.
        tick: Clock of the frame.
        scores: Of (M, E) pairs; ``allowed`` has no threshold in it, only what gates, the
            similarity and the association's depth exclude. None if there was nobody to
            compare.
    """

    similarity: Similarity
    people: People
    current: Representation
    tracks: LiveTracks
    tick: int
    scores: PairScores | None = None

    def select(self, index: np.ndarray) -> "Comparison":
        """The same with some of the frame's people, by a mask or integers."""
        scores = self.scores
        if scores is not None:
            allowed = None if scores.allowed is None else scores.allowed[index]
            parts = {name: part[index] for name, part in scores.parts.items()}
            scores = PairScores(scores.total[index], allowed, parts)
        current = select_all(self.current, index)
        return Comparison(
            self.similarity, self.people[index], current, self.tracks, self.tick, scores
        )

    def masked_scores(self) -> np.ndarray:
        """(M, E) float32 similarities, NaN for pairs that were not compared."""
        shape = len(self.people), len(self.tracks)
        if self.scores is None:
            return np.full(shape, np.nan, np.float32)
        if self.scores.allowed is None:
            return self.scores.total
        return np.where(self.scores.allowed, self.scores.total, np.nan)


@dataclass(slots=True, eq=False)
class Associated:
    """The result of association for the M people of a frame.

    Attributes:
        track_ids: (M,) int64; -1 for people who belong to no track.
        lengths: (M,) int64, number of poses of their tracks so far; 0 without a track.
        rejected: Reason -> rows of the people without a track for that reason.
        ended: Ids of the tracks that ended before this frame.
        comparison: What was compared.
    """

    track_ids: np.ndarray
    lengths: np.ndarray
    rejected: dict[str, np.ndarray]
    ended: np.ndarray
    comparison: Comparison
