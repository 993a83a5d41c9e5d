"""What a similarity knows of the start and the end of each track of a video."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mmpose_temporal.models.similarities import Representation, Similarity
from mmpose_temporal.structures import cat_rows, plain_state, select_all

from .steady_view import SteadyView

REVERSED_POSES = 6
"""Poses at the start of a track that are looked at backwards (choice: as many as
:class:`TrackEntailment` looks at)."""


@plain_state
@dataclass(slots=True, eq=False)
class TrackEnds:
    """The rows of a similarity at both ends of each track; they grow with the tracks.

    Those of the last frame are one block; a track leaves it when it is not in the next one.

    Attributes:
        view: Where the frame has got to.
        ids: (M,) int64, tracks of the block.
        block: Rows of the tracks' last poses with their history.
        mirrored: Rows of the same poses as seen backwards in time, without history; None: not
            wanted.
        gone: Track id -> ``block`` and ``mirrored`` of tracks that are not in the block, one
            row each.
        starts: Track id -> row of its first pose.
        begun: Track id -> mirrored rows of its first poses, at most ``REVERSED_POSES``.
    """

    view: SteadyView = field(default_factory=SteadyView)
    ids: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    block: Representation | None = None
    mirrored: Representation | None = None
    gone: dict = field(default_factory=dict)
    starts: dict = field(default_factory=dict)
    begun: dict = field(default_factory=dict)

    def extended(
        self, similarity: Similarity, ids: np.ndarray, current: Representation
    ) -> Representation:
        """The rows of a frame with the history of their tracks.

        Args:
            similarity: Whose rows they are.
            ids: (M,) int64, the tracks.
            current: Their rows in the frame.
        """
        places = {track: column for column, track in enumerate(self.ids.tolist())}
        blocks = [] if self.block is None else [self.block]
        for track in ids.tolist():
            if track in self.gone:
                places[track] = len(places)
                blocks.append(self.gone[track][0])
        matched = [(i, places[track]) for i, track in enumerate(ids.tolist()) if track in places]
        if not matched:
            return current
        rows, columns = np.array(matched, np.int64).T
        return similarity.extend(current, rows.copy(), cat_rows(blocks), columns.copy())

    def add(
        self,
        ids: np.ndarray,
        current: Representation,
        extended: Representation,
        mirrored: Representation | None,
    ) -> None:
        """Take over the rows of the next frame.

        Args:
            ids: (M,) int64, its tracks.
            current: Their rows without history.
            extended: Their rows with it.
            mirrored: Their rows as seen backwards; None: not wanted.
        """
        now = {*ids.tolist()}
        for row, track in enumerate(self.ids.tolist()):
            if track not in now:
                self.gone[track] = (_row(self.block, row), _row(self.mirrored, row))
        for row, track in enumerate(ids.tolist()):
            self.gone.pop(track, None)
            if track not in self.starts:
                self.starts[track] = _row(current, row)
            if mirrored is not None:
                begun = self.begun.setdefault(track, [])
                if len(begun) < REVERSED_POSES:
                    begun.append(_row(mirrored, row))
        self.ids, self.block, self.mirrored = ids, extended, mirrored

    def ends(self, ids: np.ndarray) -> tuple[Representation, Representation | None]:
        """``block`` and ``mirrored`` of all the tracks ``ids`` (N,), in this order; N >= 1."""
        places = {track: row for row, track in enumerate(self.ids.tolist())}
        found = [
            self.gone[track]
            if track in self.gone
            else (_row(self.block, places[track]), _row(self.mirrored, places[track]))
            for track in ids.tolist()
        ]
        blocks, mirrored = zip(*found, strict=True)
        return cat_rows(blocks), None if mirrored[0] is None else cat_rows(mirrored)

    def first_poses(self, ids: np.ndarray) -> Representation:
        """Rows of the first poses of the tracks ``ids`` (N,); N >= 1."""
        return cat_rows([self.starts[track] for track in ids.tolist()])

    def reversed_starts(self, similarity: Similarity, ids: np.ndarray) -> Representation:
        """Rows of the first poses of the tracks ``ids`` (N,), the poses after as their history."""
        begun = [self.begun[track] for track in ids.tolist()]
        later: tuple[list[int], Any] = ([], None)
        for place in reversed(range(max(map(len, begun)))):
            having = [i for i, rows in enumerate(begun) if len(rows) > place]
            rows = cat_rows([begun[i][place] for i in having])
            if later[0]:
                order = {track: row for row, track in enumerate(having)}
                mine = np.array([order[i] for i in later[0]], np.int64)
                rows = similarity.extend(rows, mine, later[1], np.arange(len(mine)))
            later = having, rows
        return later[1]


def _row(rows: Representation | None, row: int) -> Representation | None:
    """One row, copied out of its frame's."""
    return None if rows is None else select_all(rows, np.array([row]))
