"""Match accuracy by hand."""

import math

import numpy as np
import pytest

from mmpose_temporal.evaluation.functional import MatchAccuracy, match_accuracy


def test_three_people():
    similarity = np.array([[0.9, 0.1, 0.0], [0.2, 0.3, 0.8], [0.1, 0.2, 0.7]])
    # 5 right; 6 picks 7, wrong; 7 picks 7, right (each chooses alone)
    counts = match_accuracy(similarity, [5, 6, 7], [5, 6, 7])
    assert counts == MatchAccuracy(correct=2, total=3)
    assert counts.percent == pytest.approx(100 * 2 / 3)


def test_newcomers_and_nobody_do_not_count():
    similarity = np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1]])
    assert match_accuracy(similarity, [5, 8, -1], [5, -1]) == MatchAccuracy(1, 1)
    # the highest is a previous person without identity: wrong
    assert match_accuracy(similarity[:1], [5], [-1, 5]) == MatchAccuracy(0, 1)


def test_ties_fall_to_the_lower_index():
    similarity = np.full((2, 2), 0.5)
    assert match_accuracy(similarity, [5, 6], [5, 6]) == MatchAccuracy(1, 2)


def test_who_is_compared_with_nobody_is_wrong():
    """5 would be right by the lowest index; the gate stops all of its pairs."""
    similarity = np.array([[-np.inf, -np.inf], [-np.inf, 0.1]])
    assert match_accuracy(similarity, [5, 6], [5, 6]) == MatchAccuracy(1, 2)


def test_previous_people_of_several_frames():
    # 5 stands twice among the previous people: either is right
    similarity = np.array([[0.1, 0.2, 0.3]])
    assert match_accuracy(similarity, [5], [5, 6, 5]) == MatchAccuracy(1, 1)


def test_counts_add_and_empty():
    assert MatchAccuracy(1, 2) + MatchAccuracy(3, 4) == MatchAccuracy(4, 6)
    assert match_accuracy(np.zeros((0, 3)), [], [1, 2, 3]) == MatchAccuracy()
    assert match_accuracy(np.zeros((2, 0)), [1, 2], []) == MatchAccuracy()
    assert math.isnan(MatchAccuracy().percent)


@pytest.mark.parametrize(
    ("similarity", "current", "previous", "message"),
    [
        (np.zeros((2, 3)), [1, 2], [1, 2], r"shape \(2, 3\), expected .* \(2, 2\)"),
        (np.full((1, 1), np.nan), [1], [1], "NaN"),
        (np.zeros((1, 1)), [1.0], [1], "current_ids must be integers"),
        (np.zeros((1, 1)), [1], [[1]], "previous_ids must be integers"),
    ],
)
def test_errors(similarity, current, previous, message):
    with pytest.raises(ValueError, match=message):
        match_accuracy(similarity, current, previous)
