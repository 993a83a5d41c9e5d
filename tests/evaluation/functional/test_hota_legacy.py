"""HOTA of PoseTrack21's evaluation kit: its faults by hand, and against plain loops.

One joint (index 0) at (x, 1), x > 0, unless said; the head size is 10.
"""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from mmpose_temporal.evaluation.functional import (
    ALPHAS,
    GroundTruthFrame,
    LegacyHotaCounts,
    PredictionFrame,
    VideoInput,
    legacy_hota,
    legacy_hota_counts,
)


def _arrays(people):
    points = np.ones((len(people), 15, 2))
    points[:, 0, 0] = list(people.values())
    present = np.zeros((len(people), 15), bool)
    present[:, 0] = True
    return points, present, np.array(list(people), int)


def _counts(table, labeled=True):
    truth, predictions = [], []
    for people, found in table:
        points, present, ids = _arrays(people)
        truth.append(
            GroundTruthFrame(points, present, np.full(len(ids), 10.0), ids, labeled=labeled)
        )
        points, present, ids = _arrays(found)
        predictions.append(PredictionFrame(points, present, np.ones(present.shape), ids))
    return legacy_hota_counts(VideoInput("v", truth, predictions))


def _first(counts):
    """TP, FN, FP of joint 0 at the lowest alpha."""
    return [
        getattr(counts, name)[0, 0] for name in ("true_positives", "misses", "false_positives")
    ]


def test_similarity_vanishes_beyond_half_a_head():
    # s = 1 - 0.25 / 0.5001 = 0.50010: alpha up to 0.50, 10 of 19
    counts = _counts([({1: 100}, {7: 102.5})])
    assert counts.true_positives[:, 0].tolist() == [1] * 10 + [0] * 9
    # PCKh 0.48 is a match of MOTA, but reaches no alpha: 1 - 0.48 / 0.5001 = 0.040
    assert _counts([({1: 100}, {7: 104.8})]).true_positives.sum() == 0
    # and 0.47 reaches alpha 0.05: 0.060
    assert _first(_counts([({1: 100}, {7: 104.7})])) == [1, 0, 0]


def test_frames_without_people_on_one_side_count_the_whole_video():
    both, no_truth, no_found = ({1: 5}, {7: 5}), ({}, {7: 5}), ({1: 5}, {})
    # 4 predicted joints in the video, once for each of 2 frames
    assert _first(_counts([both, both, no_truth, no_truth])) == [2, 0, 2 * 4]
    # 3 annotated joints in the video
    assert _first(_counts([both, both, no_found])) == [2, 3, 0]
    # a frame with nobody counts the predictions once more
    assert _first(_counts([both, ({}, {})])) == [1, 0, 1]
    # without any person on one side they count once
    assert _first(_counts([no_truth, no_truth])) == [0, 0, 2]
    assert _first(_counts([no_found, no_found])) == [0, 2, 0]


def test_frames_that_are_not_labelled_are_left_out():
    assert _counts([({1: 5}, {7: 5})], labeled=False).true_positives.sum() == 0


def test_joints_need_positive_coordinates():
    assert _first(_counts([({1: 5, 2: -3}, {7: 5, 8: 0})])) == [1, 0, 0]


def test_matching_is_by_similarity_alone():
    # 8 is nearer in the last frame, so it takes the match from 7: 1-7 has TPA 2 of 3
    table = [({1: 50}, {7: 50})] * 2 + [({1: 50}, {7: 51, 8: 50})]
    counts = _counts(table)
    assert _first(counts) == [3, 0, 1]
    # 7: 2 x 2 / (3 + 3 - 2), 8: 1 / (3 + 1 - 1)
    assert counts.association[0, 0] == pytest.approx(2 * 2 / 4 + 1 / 3)


def test_total():
    # joint 0 found, the other 14 joints do not exist: DetA 1, AssA is the mean of 15: 1 / 15
    joints, total = legacy_hota(_counts([({1: 5}, {7: 5})]))
    assert joints[0] == pytest.approx(100)
    assert joints[1:].tolist() == [0] * 14
    assert total == pytest.approx(100 * np.sqrt(1 / 15))
    joints, total = legacy_hota(LegacyHotaCounts())
    assert total == 0


def _plain(table):
    """TP, FN, FP, sum of A(c) per alpha, in loops."""

    def similar(a, b):
        return max(0.0, 1 - abs(a - b) / 10 / 0.5001)

    annotated = [i for people, _ in table for i in people]
    predicted = [k for _, found in table for k in found]
    rows = []
    for alpha in ALPHAS:
        hits, misses, wrong = [], 0, 0
        for people, found in table:
            if not people:
                wrong += len(predicted)
            elif not found:
                misses += len(annotated)
            else:
                score = np.array(
                    [[similar(x, y) for y in found.values()] for x in people.values()]
                )
                chosen = zip(*linear_sum_assignment(-score), strict=True)
                now = [
                    (list(people)[a], list(found)[b]) for a, b in chosen if score[a, b] >= alpha
                ]
                hits += now
                misses += len(people) - len(now)
                wrong += len(found) - len(now)
        association = sum(
            hits.count(pair)
            / (annotated.count(pair[0]) + predicted.count(pair[1]) - hits.count(pair))
            for pair in hits
        )
        rows.append((len(hits), misses, wrong, association))
    return np.array(rows, float)


@pytest.mark.parametrize("seed", range(8))
def test_counts_equal_plain_loops(seed):
    rng = np.random.default_rng(seed)
    table = [
        (
            {int(i): rng.uniform(1, 30) for i in rng.permutation(3) if rng.random() < 0.6},
            {int(k): rng.uniform(1, 30) for k in rng.permutation(3) if rng.random() < 0.6},
        )
        for _ in range(9)
    ]
    counts = _counts(table)
    names = ("true_positives", "misses", "false_positives", "association")
    ours = np.stack([getattr(counts, name)[:, 0] for name in names], 1)
    np.testing.assert_allclose(ours, _plain(table), rtol=0, atol=1e-9)
    assert ours[0, 0] > 0
