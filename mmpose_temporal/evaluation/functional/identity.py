"""IDF1 of joints, and fragmentations: figures of identity over whole videos.

Each joint class of each person is an object with a track id, as in CLEAR-MOT.

Source: Ristani et al., Performance Measures and a Data Set for Multi-Target, Multi-Camera
Tracking, ECCV Workshops 2016 (IDF1); Milan et al., MOT16, 2016 (fragmentations).
"""

from dataclasses import dataclass, field, fields
from functools import partial

import numpy as np
from scipy.optimize import linear_sum_assignment

from .clear_mot import TrackedMatches
from .joint_candidates import joint_candidates
from .pckh import JointMatches

_no_counts = partial(np.zeros, (), np.int64)


@dataclass(frozen=True, eq=False)
class IdentityCounts:
    """Counts of some videos, for each of J joint classes; added by ``+``.

    Without a dimension, 0, for no video.

    Attributes:
        matched: (J,) int64, IDTP: joints found under the id that represents their person.
        objects: (J,) int64, annotated joints: IDTP + IDFN.
        predictions: (J,) int64, predicted joints: IDTP + IDFP.
    """

    matched: np.ndarray = field(default_factory=_no_counts)
    objects: np.ndarray = field(default_factory=_no_counts)
    predictions: np.ndarray = field(default_factory=_no_counts)

    def __add__(self, other: "IdentityCounts") -> "IdentityCounts":
        added = (getattr(self, f.name) + getattr(other, f.name) for f in fields(self))
        return IdentityCounts(*added)


def identity_counts(matches: JointMatches) -> IdentityCounts:
    """Count what IDF1 needs of one video.

    For each joint class the annotated tracks and the predicted tracks of the video are paired one
    to one, so that the number of frames in which a pair lies within PCKh 0.5 of each other adds
    up highest. That number is IDTP. All scored frames count.
    """
    scored = matches.scored
    found = joint_candidates(matches, matches.distances, matches.matched)
    shared = np.bincount(found.tracks, minlength=len(found.pair_joints))
    matched = np.zeros(found.num_joints, np.int64)
    for joint in np.unique(found.pair_joints):
        of_joint = found.pair_joints == joint
        tracks, row = np.unique(found.pair_truth[of_joint], return_inverse=True)
        others, column = np.unique(found.pair_predicted[of_joint], return_inverse=True)
        table = np.zeros((len(tracks), len(others)))
        table[row, column] = shared[of_joint]
        matched[joint] = table[linear_sum_assignment(table, maximize=True)].sum()
    return IdentityCounts(
        matched=matched,
        objects=scored.truth.present.sum(0),
        predictions=scored.predicted.present.sum(0),
    )


def identity_figures(counts: IdentityCounts) -> dict[str, np.ndarray]:
    """IDF1, IDP and IDR of each joint class, percent, (J,) each.

    IDP = IDTP / predictions, IDR = IDTP / objects, IDF1 = 2 IDTP / (objects + predictions).
    A joint class that is never annotated has none of them (NaN); one that is annotated and never
    predicted has no IDP.
    """
    annotated, predicted = counts.objects > 0, counts.predictions > 0
    ratios = {
        "IDF1": (2 * counts.matched, counts.objects + counts.predictions, annotated),
        "IDP": (counts.matched, counts.predictions, annotated & predicted),
        "IDR": (counts.matched, counts.objects, annotated),
    }
    return {
        name: np.where(valid, 100 * part / np.maximum(whole, 1), np.nan)
        for name, (part, whole, valid) in ratios.items()
    }


def fragmentations(matches: JointMatches, tracked: TrackedMatches) -> np.ndarray:
    """How often annotated tracks are lost and found again.

    Of each joint of each annotated track the scored frames in which it is annotated are looked
    at in order: every run of found frames but the first is a fragmentation, whatever the
    predicted id. Frames in which the joint is not annotated neither end a run nor begin one.

    Args:
        matches: Joint matches of the video.
        tracked: The CLEAR-MOT matches among them.

    Returns:
        (J,) int64, per joint class.
    """
    truth = matches.scored.truth
    found = np.zeros(truth.present.shape, bool)
    found[tracked.truth, tracked.joints] = True
    rows, joints = np.nonzero(truth.present)
    _, track = np.unique(truth.track_ids, return_inverse=True)
    count = truth.present.shape[1]
    key = track[rows] * count + joints
    order = np.argsort(key, kind="stable")  # rows are ordered by frame already
    key, hit = key[order], found[rows, joints][order]
    first = np.diff(key, prepend=-1) != 0
    starts = hit & (first | ~np.concatenate([[False], hit[:-1]]))
    ever = np.unique(key[starts])
    return np.bincount(key[starts] % count, minlength=count) - np.bincount(
        ever % count, minlength=count
    )
