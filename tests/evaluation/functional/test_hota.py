"""HOTA by hand, and against loops written from the formulas of Luiten et al. 2021.

All tables use one joint (index 0) at x; the head size is 10, so that the similarity is
1 - pixels / 10.
"""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from mmpose_temporal.evaluation.functional import (
    ALPHAS,
    GroundTruthFrame,
    HotaCounts,
    PredictionFrame,
    VideoInput,
    hota_counts,
    hota_figures,
    match_joints,
    select_scored,
)


def _arrays(people):
    points = np.zeros((len(people), 15, 2))
    points[:, 0, 0] = list(people.values())
    present = np.zeros((len(people), 15), bool)
    present[:, 0] = True
    return points, present, np.array(list(people), int)


def _counts(table):
    """``table``: per frame {id: x} of the ground truth and {id: x} of the prediction."""
    truth, predictions = [], []
    for people, found in table:
        points, present, ids = _arrays(people)
        truth.append(GroundTruthFrame(points, present, np.full(len(ids), 10.0), ids))
        points, present, ids = _arrays(found)
        predictions.append(PredictionFrame(points, present, np.ones(present.shape), ids))
    video = VideoInput("v", truth, predictions)
    return hota_counts(match_joints(select_scored(video, protocol="strict")))


def _figures(*tables):
    counts = sum((_counts(table) for table in tables), HotaCounts())
    return {name: values[0] for name, values in hota_figures(counts).items()}


def test_alphas():
    assert len(ALPHAS) == 19
    np.testing.assert_allclose(ALPHAS, np.arange(0.05, 0.99, 0.05), rtol=0, atol=1e-15)


def test_a_person_with_two_ids():
    # 4 of 4 found; each match: TPA 2, FNA 2, FPA 0 -> 2 / 4
    table = [({1: 0}, {7: 0})] * 2 + [({1: 0}, {8: 0})] * 2
    assert _figures(table) == {
        "HOTA": pytest.approx(100 * np.sqrt(1 * 0.5)),
        "DetA": pytest.approx(100),
        "AssA": pytest.approx(50),
        "LocA": pytest.approx(100),
    }


def test_localisation_sets_how_many_alphas_are_reached():
    # similarity 0.6: alpha = 0.05 ... 0.60 are 12 of 19, the last one exactly
    figures = _figures([({1: 0}, {7: 4})] * 3)
    assert figures["HOTA"] == figures["DetA"] == figures["AssA"] == pytest.approx(100 * 12 / 19)
    assert figures["LocA"] == pytest.approx(100 * (12 * 0.6 + 7 * 1) / 19)


def test_alpha_of_one_half_is_pckh_of_one_half():
    counts = _counts([({1: 0, 2: 100}, {7: 5, 8: 105.01})])
    at = int(np.flatnonzero(ALPHAS == 0.5)[0])
    assert counts.true_positives[at, 0] == 1
    assert counts.misses[at, 0] == counts.false_positives[at, 0] == 1


def test_matching_looks_at_the_whole_tracks():
    # In the last frame the stranger 8 is nearer (1.0) than 7 (0.8). Weights there: 7: 0.8 / 1.8,
    # 8: 1 / 1.8; alignment of 7: 2.444 / (3 + 3 - 2.444) = 0.69, of 8: 0.556 / 3.444 = 0.16;
    # 0.69 * 0.8 > 0.16 * 1, so 7 stays.
    table = [({1: 0}, {7: 0})] * 2 + [({1: 0}, {7: 2, 8: 0})]
    # up to alpha 0.8 (16): TP 3, FP 1, association 1; above (3): TP 2, FN 1, FP 2, TPA 2 of 4
    figures = _figures(table)
    high, low = np.sqrt(3 / 4 * 1), np.sqrt(2 / 5 * 2 / 4)
    assert figures["HOTA"] == pytest.approx(100 * (16 * high + 3 * low) / 19)
    assert figures["DetA"] == pytest.approx(100 * (16 * 3 / 4 + 3 * 2 / 5) / 19)
    assert figures["AssA"] == pytest.approx(100 * (16 * 1 + 3 * 2 / 4) / 19)


def test_two_people_for_one_prediction():
    # 1 and 2 both reach 7 only; the sum is highest with 1 (0.9 against 0.8)
    counts = _counts([({1: 0, 2: 3}, {7: 1})])
    assert counts.true_positives[:18, 0].tolist() == [1] * 18
    assert counts.true_positives[18, 0] == 0
    assert counts.similarity[0, 0] == pytest.approx(0.9)
    assert counts.misses[0, 0] == 1


def test_videos_add_by_counts():
    perfect, missed = [({1: 0}, {7: 0})] * 3, [({1: 0}, {})]
    figures = _figures(perfect, missed)
    assert figures["DetA"] == pytest.approx(75)
    assert figures["AssA"] == pytest.approx(100)


def test_nothing_found_and_nothing_annotated():
    nothing = _figures([({1: 0}, {})])
    assert nothing["HOTA"] == nothing["DetA"] == nothing["AssA"] == 0
    assert np.isnan(nothing["LocA"])
    assert all(np.isnan(value) for value in _figures([({}, {7: 0})]).values())
    assert all(np.isnan(value) for value in _figures([]).values())


def _plain_hota(table):
    """Counts per alpha: TP, FN, FP, sum of A(c), sum of S(c). Loops, one joint."""

    def similar(a, b):
        return max(0.0, 1 - abs(a - b) / 10)

    truth_length, found_length, shared = {}, {}, {}
    for people, found in table:
        for i in people:
            truth_length[i] = truth_length.get(i, 0) + 1
        for k in found:
            found_length[k] = found_length.get(k, 0) + 1
        for i, x in people.items():
            for k, y in found.items():
                s = similar(x, y)
                if s > 0:
                    row = sum(similar(x, other) for other in found.values())
                    column = sum(similar(other, y) for other in people.values())
                    shared[i, k] = shared.get((i, k), 0) + s / (row + column - s)
    matches = []
    for people, found in table:
        score = np.zeros((len(people), len(found)))
        for a, (i, x) in enumerate(people.items()):
            for b, (k, y) in enumerate(found.items()):
                both = shared.get((i, k), 0)
                alignment = both / (truth_length[i] + found_length[k] - both)
                score[a, b] = alignment * similar(x, y)
        for a, b in zip(*linear_sum_assignment(-score), strict=True):
            i, k = list(people)[a], list(found)[b]
            matches.append((i, k, similar(people[i], found[k])))
    rows = []
    for alpha in ALPHAS:
        hits = [(i, k, s) for i, k, s in matches if s >= alpha - 1e-12]
        pairs = [(i, k) for i, k, _ in hits]
        association = 0.0
        for pair in pairs:
            tpa = pairs.count(pair)
            fna, fpa = truth_length[pair[0]] - tpa, found_length[pair[1]] - tpa
            association += tpa / (tpa + fna + fpa)
        rows.append(
            (
                len(hits),
                sum(truth_length.values()) - len(hits),
                sum(found_length.values()) - len(hits),
                association,
                sum(s for _, _, s in hits),
            )
        )
    return np.array(rows, float)


@pytest.mark.parametrize("seed", range(12))
def test_counts_equal_plain_loops(seed):
    rng = np.random.default_rng(seed)
    width = [8, 20, 60][seed % 3]
    table = [
        (
            {int(i): rng.uniform(0, width) for i in rng.permutation(4) if rng.random() < 0.8},
            {int(k): rng.uniform(0, width) for k in rng.permutation(5) if rng.random() < 0.8},
        )
        for _ in range(7)
    ]
    counts = _counts(table)
    names = ("true_positives", "misses", "false_positives", "association", "similarity")
    ours = np.stack([getattr(counts, name)[:, 0] for name in names], 1)
    np.testing.assert_allclose(ours, _plain_hota(table), rtol=0, atol=1e-9)
    assert ours[0, 0] > 0
