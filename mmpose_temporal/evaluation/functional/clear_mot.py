"""CLEAR-MOT of joints: each joint class of each person is an object with a track id.

Source: Bernardin and Stiefelhagen, Evaluating Multiple Object Tracking Performance: the CLEAR MOT
Metrics, 2008; PoseTrack's evaluation for the use with joints.
"""

from dataclasses import dataclass, field, fields
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from .pckh import JointMatches

_no_counts = partial(np.zeros, (), np.int64)


@dataclass(frozen=True, eq=False)
class MotCounts:
    """CLEAR-MOT counts of some videos, for each of J joint classes; added by ``+``.

    Without a dimension, 0, for no video.

    Attributes:
        objects: (J,) int64, annotated joints.
        misses: (J,) int64, annotated joints without match.
        false_positives: (J,) int64, predicted joints without match.
        switches: (J,) int64, matches whose predicted id differs from the one before.
        detections: (J,) int64, matches, with and without switch.
        distance: (J,) float64, sum of distances over head size that MOTP uses.
    """

    objects: np.ndarray = field(default_factory=_no_counts)
    misses: np.ndarray = field(default_factory=_no_counts)
    false_positives: np.ndarray = field(default_factory=_no_counts)
    switches: np.ndarray = field(default_factory=_no_counts)
    detections: np.ndarray = field(default_factory=_no_counts)
    distance: np.ndarray = field(default_factory=partial(np.zeros, ()))

    def __add__(self, other: "MotCounts") -> "MotCounts":
        return MotCounts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True, eq=False)
class TrackedMatches:
    """One-to-one matches of joints over time. E is their number.

    Attributes:
        frames: (E,) int64, scored frame.
        joints: (E,) int64, joint class.
        truth: (E,) int64, row of the annotated people.
        predicted: (E,) int64, row of the predicted people.
        distances: (E,) float64, over head size.
        switch: (E,) bool, the annotated joint was matched to another id before.
        takeovers: (E,) int64, how many further events a new match gives rise to (0 to 3): the
            annotated joint takes an id that was never matched before; the id was assigned to
            another person before; and that to a joint that was never matched before.
    """

    frames: np.ndarray
    joints: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray
    distances: np.ndarray
    switch: np.ndarray
    takeovers: np.ndarray


class _Candidates(NamedTuple):
    """Pairs of joints within reach in one frame, (C,) each. ``row`` and ``column`` count the
    annotated and the predicted people of the frame, ``track`` and ``other`` their tracks.
    """

    joint: np.ndarray
    row: np.ndarray
    column: np.ndarray
    track: np.ndarray
    other: np.ndarray
    distance: np.ndarray


class _State:
    """Who is matched to whom, per joint class, while a video is walked through once."""

    def __init__(self, num_joints: int, num_truth_tracks: int, num_predicted_tracks: int) -> None:
        # latest predicted track of each annotated track; only a new match changes it
        self._partner = np.full((num_joints, num_truth_tracks), -1)
        # annotated track of the latest new match of each predicted track
        self._owner = np.full((num_joints, num_predicted_tracks), -1)

    def advance(
        self, found: _Candidates, truth_present: np.ndarray, predicted_present: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Match one frame.

        Args:
            found: Candidates of the frame.
            truth_present: (M, J) bool.
            predicted_present: (N, J) bool.

        Returns:
            Mask (C,) of the matches that go on, and indices of the new ones with their ``switch``
            and ``takeovers``, see :class:`TrackedMatches`.
        """
        shape = (truth_present.shape[1], len(truth_present), len(predicted_present))
        continues = self._partner[found.joint, found.track] == found.other
        kept = _first_listed(continues, found, shape)
        free = _free(kept, found, shape)
        new = _choose(free, found, truth_present, predicted_present)
        joint, track, other = found.joint[new], found.track[new], found.other[new]
        before, owner = self._partner[joint, track], self._owner[joint, other]
        switch, moved = before >= 0, (owner >= 0) & (owner != track)
        takeovers = (switch & (owner < 0)) + moved * (1 + (before < 0))
        self._partner[joint, track] = other
        self._owner[joint, other] = track
        return kept, new, switch, takeovers


def track_matches(matches: JointMatches) -> TrackedMatches:
    """Match joints frame by frame, keeping matches that exist.

    In each frame and joint class an annotated joint stays with the predicted track it was last
    matched to if that is within reach (PCKh 0.5); should two annotated joints claim the same one,
    the first listed gets it. The rest is matched by the assignment of most matches and least
    distance (Hungarian algorithm, which is only called where joints compete).
    """
    truth, predicted = matches.scored.truth, matches.scored.predicted
    pairs, joints = np.nonzero(matches.matched)
    rows, columns = matches.pair_truth[pairs], matches.pair_predicted[pairs]
    distances = matches.distances[pairs, joints]
    ids, tracks = np.unique(truth.track_ids, return_inverse=True)
    other_ids, others = np.unique(predicted.track_ids, return_inverse=True)
    state = _State(truth.present.shape[1], len(ids), len(other_ids))

    limits = np.arange(matches.scored.num_frames + 1)
    frames = truth.frames[rows]
    bounds = np.searchsorted(frames, limits)
    row_bounds = np.searchsorted(truth.frames, limits)
    column_bounds = np.searchsorted(predicted.frames, limits)
    taken, switch = np.zeros((2, len(joints)), bool)
    takeovers = np.zeros(len(joints), np.int64)
    for frame in np.flatnonzero(np.diff(bounds)):
        part = slice(bounds[frame], bounds[frame + 1])
        row, column = rows[part], columns[part]
        found = _Candidates(
            joint=joints[part],
            row=row - row_bounds[frame],
            column=column - column_bounds[frame],
            track=tracks[row],
            other=others[column],
            distance=distances[part],
        )
        kept, new, switched, took_over = state.advance(
            found,
            truth.present[row_bounds[frame] : row_bounds[frame + 1]],
            predicted.present[column_bounds[frame] : column_bounds[frame + 1]],
        )
        taken[part] = kept
        taken[part][new] = True
        switch[part][new] = switched
        takeovers[part][new] = took_over
    return TrackedMatches(
        frames=frames[taken],
        joints=joints[taken],
        truth=rows[taken],
        predicted=columns[taken],
        distances=distances[taken],
        switch=switch[taken],
        takeovers=takeovers[taken],
    )


def _first_listed(
    continues: np.ndarray, found: _Candidates, shape: tuple[int, int, int]
) -> np.ndarray:
    """Mask of the candidates that go on; of two for the same predicted joint the first listed.

    ``shape`` is J, M and N.
    """
    num_joints, rows, columns = shape
    index = np.flatnonzero(continues)
    key = found.joint[index] * columns + found.column[index]
    first = np.full(num_joints * columns, rows)
    np.minimum.at(first, key, found.row[index])
    kept = np.zeros(len(continues), bool)
    kept[index] = found.row[index] == first[key]
    return kept


def _free(kept: np.ndarray, found: _Candidates, shape: tuple[int, int, int]) -> np.ndarray:
    """Indices of the candidates whose two joints are both without match; ``shape``: J, M, N."""
    num_joints, rows, columns = shape
    row_used = np.zeros((num_joints, rows), bool)
    column_used = np.zeros((num_joints, columns), bool)
    row_used[found.joint[kept], found.row[kept]] = True
    column_used[found.joint[kept], found.column[kept]] = True
    used = row_used[found.joint, found.row] | column_used[found.joint, found.column]
    return np.flatnonzero(~used)


def _choose(
    free: np.ndarray,
    found: _Candidates,
    truth_present: np.ndarray,
    predicted_present: np.ndarray,
) -> np.ndarray:
    """Indices of the candidates among ``free`` that become new matches."""
    if len(free) == 0:
        return free
    joint = found.joint[free]
    row_key = joint * len(truth_present) + found.row[free]
    column_key = joint * len(predicted_present) + found.column[free]
    competes = (np.bincount(row_key)[row_key] > 1) | (np.bincount(column_key)[column_key] > 1)
    if not competes.any():
        return free
    contested = np.zeros(truth_present.shape[1], bool)
    contested[joint[competes]] = True
    chosen = [free[~contested[joint]]]
    for k in np.flatnonzero(contested):
        of_joint = free[joint == k]
        index = np.full((len(truth_present), len(predicted_present)), -1)
        index[found.row[of_joint], found.column[of_joint]] = of_joint
        # All people who have the joint take part, so that equal costs fall as in motmetrics.
        index = index[np.ix_(truth_present[:, k], predicted_present[:, k])]
        allowed = index >= 0
        costs = np.where(allowed, found.distance[index], 0.0)
        # One forbidden pair costs more than all allowed ones together.
        forbidden = 2 * min(index.shape) * (costs[allowed].max() + 1) + 1
        picked = index[linear_sum_assignment(np.where(allowed, costs, forbidden))]
        chosen.append(picked[picked >= 0])
    return np.concatenate(chosen)


def clear_mot(
    matches: JointMatches, *, protocol: str = "poseval", tracked: TrackedMatches | None = None
) -> MotCounts:
    """Count misses, false positives and id switches of one video.

    With ``protocol='poseval'`` the quirks of that program are kept:

    - The last scored frame of the video is dropped (a video of one scored frame counts nothing;
      poseval itself stops with an error there).
    - A frame without predicted people, or whose annotated people all vanished in ignore regions,
      counts as one object, one miss and one false positive of each of the J joint classes,
      however many people there are.
    - ``distance`` sums, in addition to the matches, all candidates within PCKh 0.5 once more, and
      matches that take over an id once more for each of their ``takeovers``
      (:class:`TrackedMatches`): the raw and auxiliary events of the motmetrics package.

    With ``'strict'`` all scored frames count, with all their people, and ``distance`` sums the
    matches only.

    Args:
        matches: Joint matches of the video.
        protocol: ``'poseval'`` or ``'strict'``.
        tracked: What :func:`track_matches` gives for ``matches``, if it is there already.
    """
    scored = matches.scored
    num_frames, num_joints = scored.num_frames, scored.truth.present.shape[1]
    tracked = track_matches(matches) if tracked is None else tracked
    counted = np.ones(num_frames, bool)
    num_pseudo = 0
    weights = np.ones(len(tracked.joints))
    raw = np.zeros(num_joints)
    if protocol == "poseval":
        last = np.arange(num_frames) == num_frames - 1
        empty = np.bincount(scored.truth.frames, minlength=num_frames) == 0
        empty |= np.bincount(scored.predicted.frames, minlength=num_frames) == 0
        num_pseudo = int((empty & ~last).sum())
        counted = ~(empty | last)
        weights = weights + tracked.takeovers
        candidates = np.where(matches.matched, matches.distances, 0)
        raw = candidates[counted[scored.truth.frames[matches.pair_truth]]].sum(0)
    inside = counted[tracked.frames]

    def per_joint(weight: np.ndarray) -> np.ndarray:
        return np.bincount(tracked.joints[inside], weight[inside], num_joints)

    objects = scored.truth.present[counted[scored.truth.frames]].sum(0)
    predictions = scored.predicted.present[counted[scored.predicted.frames]].sum(0)
    detections = per_joint(np.ones(len(inside))).astype(np.int64)
    return MotCounts(
        objects=objects + num_pseudo,
        misses=objects - detections + num_pseudo,
        false_positives=predictions - detections + num_pseudo,
        switches=per_joint(tracked.switch).astype(np.int64),
        detections=detections,
        distance=raw + per_joint(weights * tracked.distances),
    )
