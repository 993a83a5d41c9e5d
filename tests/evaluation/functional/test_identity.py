"""IDF1 and fragmentations by hand, and IDF1 against all pairings of tracks.

All tables use one joint (index 0) at x; the head size is 10: within 5 pixels is a match.
"""

from itertools import permutations

import numpy as np
import pytest

from mmpose_temporal.evaluation.functional import (
    GroundTruthFrame,
    PredictionFrame,
    VideoInput,
    fragmentations,
    identity_counts,
    identity_figures,
    match_joints,
    select_scored,
    track_matches,
)


def _arrays(people):
    points = np.zeros((len(people), 15, 2))
    points[:, 0, 0] = list(people.values())
    present = np.zeros((len(people), 15), bool)
    present[:, 0] = True
    return points, present, np.array(list(people), int)


def _matches(table, protocol="strict"):
    """``table``: per frame {id: x} of the ground truth and {id: x} of the prediction."""
    truth, predictions = [], []
    for people, found in table:
        points, present, ids = _arrays(people)
        truth.append(GroundTruthFrame(points, present, np.full(len(ids), 10.0), ids))
        points, present, ids = _arrays(found)
        predictions.append(PredictionFrame(points, present, np.ones(present.shape), ids))
    return match_joints(select_scored(VideoInput("v", truth, predictions), protocol=protocol))


def _figures(table):
    figures = identity_figures(identity_counts(_matches(table)))
    return {name: values[0] for name, values in figures.items()}


FIVE_FRAMES = [
    ({1: 0, 2: 100}, {7: 0, 8: 100}),
    ({1: 0, 2: 100}, {7: 1, 8: 103}),
    ({1: 0, 2: 100}, {7: 0}),
    ({1: 0, 2: 100}, {7: 50, 9: 100}),
    ({1: 0, 2: 100}, {8: 2, 9: 100}),
]


def test_five_frames():
    # 1-7 shares 3 frames, 1-8 one, 2-8 two, 2-9 two: 1-7 and 2-8 (or 2-9) are 5
    counts = identity_counts(_matches(FIVE_FRAMES))
    assert (counts.matched[0], counts.objects[0], counts.predictions[0]) == (5, 10, 9)
    assert counts.matched[1:].tolist() == [0] * 14
    assert _figures(FIVE_FRAMES) == {
        "IDF1": pytest.approx(100 * 2 * 5 / (10 + 9)),
        "IDP": pytest.approx(100 * 5 / 9),
        "IDR": pytest.approx(100 * 5 / 10),
    }


def test_the_pairing_is_of_the_whole_not_the_greedy_one():
    # 1-7 shares 3, 1-8 two, 2-7 two: alone 1-7 gives 3, 1-8 with 2-7 gives 4
    table = [({1: 0}, {7: 0})] * 3 + [({1: 0}, {8: 0})] * 2 + [({2: 0}, {7: 0})] * 2
    assert identity_counts(_matches(table)).matched[0] == 4


def test_every_scored_frame_counts_also_under_poseval():
    counts = identity_counts(_matches([*FIVE_FRAMES, ({}, {7: 0})], "poseval"))
    # the frame without annotated people is dropped, the last one with people is not
    assert (counts.objects[0], counts.predictions[0]) == (10, 9)


def test_undefined():
    nobody_found = _figures([({1: 0}, {})])
    assert (nobody_found["IDF1"], nobody_found["IDR"]) == (0, 0)
    assert np.isnan(nobody_found["IDP"])
    assert all(np.isnan(value) for value in _figures([({}, {7: 0})]).values())
    assert all(np.isnan(value) for value in _figures([]).values())


def test_counts_add():
    counts = identity_counts(_matches(FIVE_FRAMES))
    total = counts + counts
    assert (total.matched[0], total.objects[0], total.predictions[0]) == (10, 20, 18)


@pytest.mark.parametrize("seed", range(10))
def test_idtp_equals_the_best_of_all_pairings(seed):
    rng = np.random.default_rng(seed)
    table = [
        (
            {int(i): rng.uniform(0, 25) for i in rng.permutation(4) if rng.random() < 0.7},
            {int(k): rng.uniform(0, 25) for k in rng.permutation(4) if rng.random() < 0.7},
        )
        for _ in range(8)
    ]
    best = max(
        sum(
            abs(people[i] - found[k]) <= 5
            for people, found in table
            for i, k in enumerate(order)
            if i in people and k in found
        )
        for order in permutations(range(4))
    )
    assert best > 0
    assert identity_counts(_matches(table)).matched[0] == best


def _fragmentations(table):
    matches = _matches(table)
    return fragmentations(matches, track_matches(matches))[0]


def test_fragmentations():
    found, lost, absent = ({1: 0}, {7: 0}), ({1: 0}, {7: 50}), ({2: 50}, {7: 50})
    assert _fragmentations([found] * 4) == 0
    assert _fragmentations([lost, found, found, lost]) == 0  # begins late, ends early
    assert _fragmentations([found, lost, lost, found]) == 1
    assert _fragmentations([found, lost, found, lost, found]) == 2
    assert _fragmentations([found, absent, found]) == 0  # not annotated: no interruption
    assert _fragmentations([found, ({1: 0}, {}), ({1: 0}, {8: 0})]) == 1  # whatever the id
    assert _fragmentations([({1: 0}, {7: 0}), ({1: 0}, {8: 0})]) == 0  # a switch is none
    assert _fragmentations([]) == 0


def test_fragmentations_are_counted_by_track_and_joint():
    table = [({1: 0, 2: 100}, {7: 0, 8: 100}), ({1: 0, 2: 100}, {}), ({1: 0, 2: 100}, {7: 0})]
    assert _fragmentations(table) == 1
    matches = _matches(table)
    assert fragmentations(matches, track_matches(matches))[1:].tolist() == [0] * 14
