"""Pairs of annotated and predicted joints that are near enough to be matched, and their tracks.

C candidates in all frames of a video; U pairs of an annotated and a predicted track, distinguished
by joint class, that have a candidate in some frame.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from .pckh import JointMatches


@dataclass(frozen=True, eq=False)
class JointCandidates:
    """Candidates of one video.

    Attributes:
        rows: (C,) int64, rows of the annotated people.
        columns: (C,) int64, rows of the predicted people.
        joints: (C,) int64, joint class.
        values: (C,) float64, what was selected by: distance or similarity.
        tracks: (C,) int64, which of the U pairs of tracks each candidate belongs to.
        pair_truth: (U,) int64, annotated track, counted from 0.
        pair_predicted: (U,) int64, predicted track, counted from 0.
        pair_joints: (U,) int64, joint class.
        truth_joints: (U,) int64, frames that have this joint of the annotated track.
        predicted_joints: (U,) int64, frames that have this joint of the predicted track.
        num_joints: J, number of joint classes.
    """

    rows: np.ndarray
    columns: np.ndarray
    joints: np.ndarray
    values: np.ndarray
    tracks: np.ndarray
    pair_truth: np.ndarray
    pair_predicted: np.ndarray
    pair_joints: np.ndarray
    truth_joints: np.ndarray
    predicted_joints: np.ndarray
    num_joints: int


def joint_candidates(
    matches: JointMatches, values: np.ndarray, selected: np.ndarray
) -> JointCandidates:
    """Collect the selected pairs of joints.

    Args:
        matches: Pairs of people of the video.
        values: (Q, J), kept for the selected pairs.
        selected: (Q, J) bool.
    """
    truth, predicted = matches.scored.truth, matches.scored.predicted
    num_joints = truth.present.shape[1]
    pairs, joints = np.nonzero(selected)
    rows, columns = matches.pair_truth[pairs], matches.pair_predicted[pairs]
    ids, track = np.unique(truth.track_ids, return_inverse=True)
    other_ids, other = np.unique(predicted.track_ids, return_inverse=True)
    key = (track[rows] * len(other_ids) + other[columns]) * num_joints + joints
    keys, tracks = np.unique(key, return_inverse=True)
    people, pair_joints = np.divmod(keys, num_joints)
    pair_truth, pair_predicted = np.divmod(people, max(len(other_ids), 1))
    lengths = np.zeros((len(ids), num_joints), np.int64)
    np.add.at(lengths, track, truth.present)
    other_lengths = np.zeros((len(other_ids), num_joints), np.int64)
    np.add.at(other_lengths, other, predicted.present)
    return JointCandidates(
        rows=rows,
        columns=columns,
        joints=joints,
        values=values[pairs, joints],
        tracks=tracks,
        pair_truth=pair_truth,
        pair_predicted=pair_predicted,
        pair_joints=pair_joints,
        truth_joints=lengths[pair_truth, pair_joints],
        predicted_joints=other_lengths[pair_predicted, pair_joints],
        num_joints=num_joints,
    )


def assign_joints(
    matches: JointMatches, candidates: JointCandidates, scores: np.ndarray
) -> np.ndarray:
    """Match joints one to one in each frame and joint class so that the scores add up highest.

    If the best partner of each annotated joint is another one, that is the assignment; the
    Hungarian algorithm is called only where joints compete or two partners score the same.

    Args:
        matches: Pairs of people of the video.
        candidates: The pairs of joints that may be matched.
        scores: (C,) float64 above 0.

    Returns:
        Indices of the matched candidates, in no particular order.
    """
    rows, columns, joints = candidates.rows, candidates.columns, candidates.joints
    num_joints = candidates.num_joints
    row_key = rows * num_joints + joints
    order = np.lexsort((-scores, row_key))
    same = row_key[order[1:]] == row_key[order[:-1]]
    best = order[np.concatenate([[True], ~same])] if len(order) else order
    tied = order[1:][same & (scores[order[1:]] == scores[order[:-1]])]
    column_key = columns[best] * num_joints + joints[best]
    contested = best[np.bincount(column_key)[column_key] > 1] if len(best) else best
    contested = np.concatenate([contested, tied])

    truth_frames = matches.scored.truth.frames
    group = truth_frames[rows] * num_joints + joints
    if len(contested) == 0:
        return best
    is_contested = np.zeros(matches.scored.num_frames * num_joints, bool)
    is_contested[group[contested]] = True
    chosen = [best[~is_contested[group[best]]]]

    limits = np.arange(matches.scored.num_frames + 1)
    row_start = np.searchsorted(truth_frames, limits)
    column_start = np.searchsorted(matches.scored.predicted.frames, limits)
    rest = np.flatnonzero(is_contested[group])
    rest = rest[np.argsort(group[rest], kind="stable")]
    starts = np.flatnonzero(np.diff(group[rest], prepend=-1))
    for index in np.split(rest, starts[1:]):
        frame = truth_frames[rows[index[0]]]
        shape = np.array([row_start[frame + 1], column_start[frame + 1]])
        table = np.zeros(shape - [row_start[frame], column_start[frame]])
        which = np.full(table.shape, -1)
        at = rows[index] - row_start[frame], columns[index] - column_start[frame]
        table[at], which[at] = scores[index], index
        picked = which[linear_sum_assignment(table, maximize=True)]
        chosen.append(picked[picked >= 0])
    return np.concatenate(chosen)
