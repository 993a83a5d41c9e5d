import numpy as np
import pytest
from mmpose.registry import MODELS

BOTH = ["HungarianAssignment", "GreedyAssignment"]


def assign(name, scores, allowed=None) -> list[tuple[int, int]]:
    scores = np.array(scores, dtype=np.float32)
    allowed = np.ones(scores.shape, bool) if allowed is None else np.array(allowed)
    rows, columns = MODELS.build(dict(type=name))(scores, allowed)
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
