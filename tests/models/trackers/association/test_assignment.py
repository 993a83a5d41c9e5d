import numpy as np
import pytest
from mmpose.registry import TASK_UTILS

BOTH = ["HungarianAssignment", "GreedyAssignment"]


def assign(name, scores, allowed=None) -> list[tuple[int, int]]:
    scores = np.array(scores, dtype=np.float32)
    allowed = np.ones(scores.shape, bool) if allowed is None else np.array(allowed)
    rows, columns = TASK_UTILS.build(dict(type=name))(scores, allowed)
    assert rows.dtype == columns.dtype == np.int64
    return sorted(zip(rows.tolist(), columns.tolist(), strict=True))


TABLE = [[0.9, 0.8], [0.7, 0.1]]


def test_greedy_takes_the_best_pair_first():
    assert assign("GreedyAssignment", TABLE) == [(0, 0), (1, 1)]  # 0.9 + 0.1 = 1.0


def test_hungarian_takes_the_best_sum():
    assert assign("HungarianAssignment", TABLE) == [(0, 1), (1, 0)]  # 0.8 + 0.7 = 1.5


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_nobody(name, shape):
    assert assign(name, np.zeros(shape)) == []


@pytest.mark.parametrize("name", BOTH)
def test_nothing_allowed(name):
    assert assign(name, TABLE, [[False, False], [False, False]]) == []


@pytest.mark.parametrize("name", BOTH)
def test_only_what_is_allowed(name):
    allowed = [[False, True], [False, True]]
    assert assign(name, TABLE, allowed) == [(0, 1)]  # 0.8 beats 0.1; the second row has no other


def test_hungarian_leaves_a_row_rather_than_lose_in_sum():
    # (0, 0) alone is worth 0.9, the two others together 0.2 + 0.2
    assert assign(
        "HungarianAssignment", [[0.9, 0.2], [0.2, 0.0]], [[True, True], [True, False]]
    ) == [(0, 0)]


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("table", [[[0.2, 0.9, 0.5]], [[0.2], [0.9], [0.5]]])
def test_more_on_one_side(name, table):
    assert assign(name, table) in ([(0, 1)], [(1, 0)])


def test_greedy_ties_go_to_the_lower_index():
    assert assign("GreedyAssignment", [[0.5, 0.5], [0.5, 0.5]]) == [(0, 0), (1, 1)]


@pytest.mark.parametrize("name", BOTH)
def test_scores_that_are_no_numbers_are_not_picked(name):
    scores = np.array([[np.nan, 0.8], [0.7, np.nan]])
    assert assign(name, scores, scores >= 0.3) == [(0, 1), (1, 0)]


@pytest.mark.parametrize("seed", range(5))
def test_hungarian_is_never_below_greedy(seed):
    rng = np.random.default_rng(seed)
    scores = rng.uniform(0.1, 1, (5, 7))
    allowed = rng.uniform(size=scores.shape) < 0.6
    sums = []
    for name in BOTH:
        pairs = assign(name, scores, allowed)
        assert all(allowed[pair] for pair in pairs)
        assert len({r for r, _ in pairs}) == len({c for _, c in pairs}) == len(pairs)
        sums.append(sum(scores[pair] for pair in pairs))
    assert sums[0] >= sums[1] - 1e-9


# ------------------------------------------------------------------------------ log odds


def log_odds(scores, allowed=None, chance=0.1) -> list[tuple[int, int]]:
    scores = np.array(scores, dtype=np.float32)
    allowed = scores >= chance if allowed is None else np.array(allowed)
    part = TASK_UTILS.build(dict(type="LogOddsAssignment", chance=chance))
    rows, columns = part(scores, allowed)
    assert rows.dtype == columns.dtype == np.int64
    return sorted(zip(rows.tolist(), columns.tolist(), strict=True))


# Sums: 0.98 + 0.10 = 1.08 and 0.60 + 0.60 = 1.20. Odds over those of 0.1, which are 1/9:
# 0.98 / 0.02 = 49 -> 441, 0.1 -> 1, 0.6 / 0.4 = 1.5 -> 13.5; 441 * 1 > 13.5 * 13.5 = 182.25
SURE = [[0.98, 0.60], [0.60, 0.10]]


def test_a_sure_pair_is_not_given_up_for_two_poor_ones():
    assert assign("HungarianAssignment", SURE) == [(0, 1), (1, 0)]
    assert log_odds(SURE) == [(0, 0), (1, 1)]


def test_two_good_pairs_are_likelier_than_a_sure_one():
    # 0.9 / 0.1 = 9 -> 81 each, 81 * 81 = 6561 > 441
    assert log_odds([[0.98, 0.90], [0.90, 0.10]]) == [(0, 1), (1, 0)]


def test_without_a_pair_by_chance_it_is_left():
    assert log_odds([[0.98, 0.60], [0.60, 0.05]]) == [(0, 0)]


def test_a_pair_as_likely_as_chance_is_taken_where_nothing_else_is():
    assert log_odds([[0.1]]) == [(0, 0)]
    assert log_odds([[0.0999]]) == []


def test_certainty_is_a_number():
    assert log_odds([[1.0, 0.5], [1.0, 1.0]]) == [(0, 0), (1, 1)]


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_log_odds_of_nobody(shape):
    assert log_odds(np.zeros(shape)) == []


def test_scores_that_are_no_numbers_have_no_odds():
    assert log_odds([[np.nan, 0.8], [0.7, np.nan]]) == [(0, 1), (1, 0)]


@pytest.mark.parametrize("chance", [0, 1, -0.1, 1.1])
def test_chance_is_a_probability(chance):
    with pytest.raises(ValueError, match=r"chance must be in \(0, 1\)"):
        log_odds([[0.5]], chance=chance)


def test_less_likely_than_chance_must_not_be_allowed():
    with pytest.raises(ValueError, match=r"0\.05 is allowed, but chance is 0\.1: lower chance"):
        log_odds([[0.5, 0.05]], [[True, True]])


def test_a_sum_of_probabilities_is_none():
    with pytest.raises(ValueError, match=r"1\.7 is no probability"):
        log_odds([[1.7]])
