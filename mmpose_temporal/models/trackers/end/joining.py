"""Which tracks become one, from the scores of all pairs."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..association.assignment import GreedyAssignment


@dataclass(frozen=True, slots=True)
class Join:
    """One track that continues an earlier one.

    Attributes:
        earlier: Id of the track that ended.
        later: Id of the track that continues it.
        kept: Id that both are reported with: that of the first track of the chain.
        score: What they scored.
        ended: Tick of the last pose of the earlier one.
        began: Tick of the first pose of the later one.
    """

    earlier: int
    later: int
    kept: int
    score: float
    ended: int
    began: int

    @property
    def gap(self) -> int:
        """Ticks from one pose to the other; 1: their frames follow each other."""
        return self.began - self.ended


def may_follow(firsts: np.ndarray, lasts: np.ndarray, max_gap: float | None = None) -> np.ndarray:
    """Pairs of tracks that do not overlap in time, the one after the other.

    Args:
        firsts: (N,) tick, or time, of each track's first pose.
        lasts: (N,) of its last pose.
        max_gap: Largest time between the two; None: any.

    Returns:
        (N, N) bool, row: the earlier track, column: the later one. Tracks that are in one frame
        together are not allowed, even if only the last frame of the one is the first of the other.
    """
    gaps = firsts[None] - lasts[:, None]
    return gaps > 0 if max_gap is None else (gaps > 0) & (gaps <= max_gap)


def join_tracks(
    ids: np.ndarray,
    firsts: np.ndarray,
    lasts: np.ndarray,
    scores: np.ndarray,
    *,
    min_score: float,
    allowed: np.ndarray | None = None,
) -> list[Join]:
    """Join tracks, the best pair first.

    A track has at most one predecessor and one successor. So a chain is a row of tracks each of
    which begins after the one before has ended, and no two of a chain are in one frame: since
    each pair of neighbours keeps to the order, all pairs do.

    Args:
        ids: (N,) int64 track ids.
        firsts: (N,) int64, tick of each track's first pose.
        lasts: (N,) int64, tick of its last pose.
        scores: (N, N) float; row q, column p: whether p continues q. NaN: not scored.
        min_score: Lowest score of a join; the threshold itself joins.
        allowed: (N, N) bool, further condition; None: none.

    Returns:
        The joins, best first; of equal scores the lower row, then the lower column comes first.

    Raises:
        ValueError: A track ends before it begins, an id stands twice, or the shapes do not fit.
    """
    count = len(ids)
    if not (len(firsts) == len(lasts) == count and scores.shape == (count, count)):
        raise ValueError(
            f"{count} tracks need as many first and last ticks and a square of scores, got "
            f"{len(firsts)}, {len(lasts)} and {scores.shape}"
        )
    if (firsts > lasts).any():
        raise ValueError("a track ends before it begins")
    if len(np.unique(ids)) < count:
        raise ValueError("a track id stands twice")
    if not count:
        return []
    may = may_follow(firsts, lasts) & (scores >= min_score)  # False for NaN
    if allowed is not None:
        may &= allowed
    rows, columns = GreedyAssignment()(scores, may)
    before = dict(zip(columns.tolist(), rows.tolist(), strict=True))
    joins = []
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        root = row
        while root in before:
            root = before[root]
        joins.append(
            Join(
                earlier=int(ids[row]),
                later=int(ids[column]),
                kept=int(ids[root]),
                score=float(scores[row, column]),
                ended=int(lasts[row]),
                began=int(firsts[column]),
            )
        )
    return joins


def merged_ids(joins: Iterable[Join]) -> dict[int, int]:
    """Old track id -> new one of joins, as :meth:`TrackMerging.finish` returns it."""
    return {join.later: join.kept for join in joins}
