"""Tables by hand: row q, column p; tracks are named by their ids and have (first, last) ticks."""

from itertools import pairwise

import numpy as np
import pytest

from mmpose_temporal.models.trackers.end import join_tracks, may_follow, merged_ids

NAN = np.nan


def join(spans: dict[int, tuple[int, int]], scores, min_score: float = 0.5, **options):
    ids = np.array(list(spans), np.int64)
    firsts, lasts = np.array(list(spans.values()), np.int64).reshape(-1, 2).T
    table = np.array(scores, np.float64).reshape(len(ids), len(ids))
    return join_tracks(ids, firsts, lasts, table, min_score=min_score, **options)


def merged(*args, **options) -> dict[int, int]:
    return merged_ids(join(*args, **options))


def test_no_tracks():
    assert join({}, []) == []


def test_a_single_track():
    """It cannot continue itself, whatever the table says."""
    assert join({7: (0, 5)}, [[1.0]]) == []
    assert join({7: (3, 3)}, [[1.0]]) == []


def test_one_track_continues_another():
    (found,) = join({4: (0, 5), 9: (8, 12)}, [[0, 0.75], [0, 0]])
    assert (found.earlier, found.later, found.kept) == (4, 9, 4)
    assert (found.score, found.ended, found.began, found.gap) == (0.75, 5, 8, 3)


@pytest.mark.parametrize(("score", "joined"), [(0.5, {9: 4}), (0.499, {}), (NAN, {})])
def test_the_threshold_itself_joins(score, joined):
    assert merged({4: (0, 5), 9: (8, 12)}, [[0, score], [0, 0]]) == joined


@pytest.mark.parametrize(("last", "joined"), [(4, {1: 0}), (5, {}), (6, {}), (20, {})])
def test_tracks_that_overlap_never_merge(last, joined):
    """Track 1 begins in frame 5: one frame in common is enough to refuse."""
    assert merged({0: (0, last), 1: (5, 9)}, [[0, 1], [1, 0]]) == joined


def test_time_goes_forwards():
    """The row is the earlier track: a score of the other order counts for nothing."""
    assert merged({0: (0, 4), 1: (5, 9)}, [[0, 0], [1, 0]]) == {}
    assert merged({1: (5, 9), 0: (0, 4)}, [[0, 0], [1, 0]]) == {1: 0}  # rows in another order


def test_tracks_of_one_frame():
    """Three poses in frames 0, 1 and 1: the two of frame 1 are two people."""
    spans = {0: (0, 0), 1: (1, 1), 2: (1, 1)}
    assert merged(spans, [[0, 0.6, 0.9], [0, 0, 1], [0, 1, 0]]) == {2: 0}


def test_the_best_pair_first():
    """0.9 joins 0 and 2; what is left for 1 is nobody, though 0.8 + 0.7 is more than 0.9."""
    spans = {0: (0, 4), 1: (0, 4), 2: (6, 9), 3: (6, 9)}
    table = np.zeros((4, 4))
    table[0, 2], table[0, 3], table[1, 2] = 0.9, 0.8, 0.7
    assert merged(spans, table) == {2: 0}
    table[1, 3] = 0.5
    assert merged(spans, table) == {2: 0, 3: 1}


def test_ties_go_to_the_lower_row_and_column():
    spans = {5: (0, 4), 3: (0, 4), 8: (6, 9), 6: (6, 9)}
    table = np.full((4, 4), 0.8)
    for _ in range(3):
        assert [(j.earlier, j.later) for j in join(spans, table)] == [(5, 8), (3, 6)]


def test_a_chain_of_three_keeps_the_first_id():
    spans = {2: (0, 3), 0: (5, 8), 1: (10, 12)}
    table = [[0, 0.7, 0], [0, 0, 0.9], [0, 0, 0]]
    joins = join(spans, table)
    assert [(j.earlier, j.later, j.kept) for j in joins] == [(0, 1, 2), (2, 0, 2)]
    assert merged_ids(joins) == {0: 2, 1: 2}


def test_nobody_of_a_chain_is_in_one_frame():
    """1 and 2 both fit behind 0 and live at once: only one of them gets its id."""
    spans = {0: (0, 3), 1: (5, 9), 2: (9, 12)}
    table = [[0, 0.8, 0.9], [0, 0, 1], [0, 0, 0]]
    assert merged(spans, table) == {2: 0}


def test_one_successor_and_one_predecessor():
    """2 continues 0, so 1, which lies between the two and fits both, stays alone."""
    spans = {0: (0, 3), 1: (5, 6), 2: (9, 12)}
    assert merged(spans, [[0, 0.7, 0.9], [0, 0, 0.8], [0, 0, 0]]) == {2: 0}
    assert merged(spans, [[0, 0.9, 0.7], [0, 0, 0.8], [0, 0, 0]]) == {1: 0, 2: 0}


def test_pairs_that_are_not_allowed():
    allowed = np.array([[True, False], [True, True]])
    assert merged({0: (0, 4), 1: (5, 9)}, [[0, 1], [0, 0]], allowed=allowed) == {}


def test_random_tables_keep_frames_apart():
    """Whatever the scores: the members of a chain are in different frames, the first keeps."""
    rng = np.random.default_rng(0)
    for _ in range(30):
        firsts = rng.integers(0, 30, 12)
        lasts = firsts + rng.integers(0, 6, 12)
        ids = rng.permutation(12)
        new = merged_ids(join_tracks(ids, firsts, lasts, rng.random((12, 12)), min_score=0.2))
        assert not {*new.values()} & new.keys()
        spans = dict(zip(ids.tolist(), zip(firsts, lasts, strict=True), strict=True))
        for root in {*new.values()}:
            chain = sorted(spans[i] for i in [root, *(i for i in new if new[i] == root)])
            assert chain[0] == spans[root]
            assert all(a[1] < b[0] for a, b in pairwise(chain))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (dict(firsts=np.array([0])), "as many"),
        (dict(scores=np.zeros((2, 3))), "square"),
        (dict(firsts=np.array([5, 5])), "before it begins"),
        (dict(ids=np.array([1, 1])), "twice"),
    ],
)
def test_what_is_no_table_of_tracks(change, word):
    given = dict(ids=np.arange(2), firsts=np.array([0, 5]), lasts=np.array([4, 9]))
    given = {**given, "scores": np.zeros((2, 2)), **change}
    with pytest.raises(ValueError, match=word):
        join_tracks(**given, min_score=0.5)


def test_gaps():
    """Gaps of 1 and 4 from track 0, of 0 (one frame in common) and of 2 from track 1."""
    firsts, lasts = np.array([0, 0, 5, 8]), np.array([4, 5, 6, 9])
    may = may_follow(firsts, lasts)
    assert np.argwhere(may).tolist() == [[0, 2], [0, 3], [1, 3], [2, 3]]
    assert np.argwhere(may_follow(firsts, lasts, 3)).tolist() == [[0, 2], [1, 3], [2, 3]]
