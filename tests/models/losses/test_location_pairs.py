"""Places to learn from and pairs of them, on hand-drawn heatmaps."""

import pytest
import torch

from mmpose_temporal.models.heads import local_maxima
from mmpose_temporal.models.losses import (
    ClipPairs,
    sample_location_pairs,
    training_candidates,
)


def heatmap(*peaks: tuple[int, int, float], size=(8, 8)) -> torch.Tensor:
    """(1, 1, h, w) with single cells (x, y, response)."""
    result = torch.zeros(1, 1, *size)
    for x, y, value in peaks:
        result[0, 0, y, x] = value
    return result


def candidates(maps, place, *, visible=True, num=2, kernel=3):
    maxima = local_maxima(maps, num=num, kernel=kernel)
    place, visible = torch.tensor([[place]]).float(), torch.tensor([[visible]])
    return training_candidates(maxima, maps, place, visible, kernel=kernel)


def test_annotated_place_first_then_maxima():
    found = candidates(heatmap((1, 1, 0.9), (6, 5, 0.4)), (3.4, 2.5))
    assert found.cells[0, 0].tolist() == [[3, 3], [1, 1], [6, 5]]  # 2.5 is the cell 3
    assert found.scores[0, 0].tolist() == pytest.approx([0, 0.9, 0.4])
    assert found.valid.all()


def test_maxima_beside_the_annotated_place_are_the_same_place():
    found = candidates(heatmap((2, 2, 0.9), (6, 5, 0.4)), (3, 3))
    assert found.cells[0, 0].tolist() == [[3, 3], [2, 2], [6, 5]]
    assert found.valid[0, 0].tolist() == [True, False, True]
    found = candidates(heatmap((2, 2, 0.9), (6, 5, 0.4)), (4, 4), kernel=5)
    assert found.valid[0, 0].tolist() == [True, False, False]  # distances 2 and 2


def test_invisible_keypoint_has_maxima_only():
    found = candidates(heatmap((2, 2, 0.9), (6, 5, 0.4)), (3, 3), visible=False)
    assert found.valid[0, 0].tolist() == [False, True, True]


def test_place_outside_is_moved_to_the_border():
    found = candidates(heatmap((2, 2, 0.9)), (-3, 99), visible=False, num=1)
    assert found.cells[0, 0, 0].tolist() == [0, 7]


# ------------------------------------------------------------------------- pairs

# Crops 0 and 1 are one person, crop 2 is another.
PAIRS = ClipPairs(
    same=torch.tensor([[0, 1], [1, 0]]), other=torch.tensor([[0, 2], [1, 2], [2, 0], [2, 1]])
)


def rows(sampled, k: int = 0) -> list[tuple[int, int, int]]:
    """What counts for keypoint k: first, second, label."""
    counts = sampled.weights[:, k] > 0
    return [
        tuple(int(part[i, k]) for part in (sampled.first, sampled.second, sampled.labels))
        for i in torch.nonzero(counts)[:, 0]
    ]


def test_positives_and_four_times_the_negatives():
    """3 crops, 1 keypoint, 2 places each (numbers 2 i and 2 i + 1)."""
    sampled = sample_location_pairs(torch.ones(3, 1, 2, dtype=torch.bool), PAIRS)
    found = rows(sampled)
    assert [row for row in found if row[2]] == [(0, 2, 1), (2, 0, 1)]
    negatives = [row[:2] for row in found if not row[2]]
    assert len(negatives) == 8
    assert len(set(negatives)) == 8  # without replacement
    # of two crops of a clip each, and none of them a positive pair
    assert all(a // 2 != b // 2 and (a, b) not in ((0, 2), (2, 0)) for a, b in negatives)


def test_all_negatives_there_are_where_few():
    """One place each: the pairs of two ids are all, 4 instead of 4 x 2."""
    found = rows(sample_location_pairs(torch.ones(3, 1, 1, dtype=torch.bool), PAIRS))
    assert sorted(found) == [(0, 1, 1), (0, 2, 0), (1, 0, 1), (1, 2, 0), (2, 0, 0), (2, 1, 0)]


def test_places_that_are_not_there_are_in_no_pair():
    valid = torch.ones(3, 1, 3, dtype=torch.bool)
    valid[1, 0, 0] = False  # the annotated place of crop 1: no positive is left
    sampled = sample_location_pairs(valid, PAIRS)
    assert rows(sampled) == []
    valid[1, 0] = torch.tensor([True, False, False])
    found = rows(sample_location_pairs(valid, PAIRS, negatives=50))
    used = {place for row in found for place in row[:2]}
    assert used == {0, 1, 2, 3, 6, 7, 8}  # not 4 and 5
    # ordered pairs of crops 0 and 1: 3 x 1 x 2, of 0 and 2: 3 x 3 x 2, of 1 and 2: 1 x 3 x 2
    assert len(found) == 6 + 18 + 6


def test_negatives_are_spread_over_the_keypoint_types():
    """Type 1 is never annotated: 2 positives, 8 negatives, 4 of them of type 1."""
    valid = torch.ones(3, 2, 3, dtype=torch.bool)
    valid[:, 1, 0] = False
    sampled = sample_location_pairs(valid, PAIRS)
    labels = [[row[2] for row in rows(sampled, k)] for k in (0, 1)]
    assert labels == [[1, 1, 0, 0, 0, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize(("share", "expected"), [(1.0, 4), (0.0, 0)])
def test_share_of_the_annotated_places_of_two_ids(share, expected):
    """4 of the 8 negatives at most are annotated places (numbers 0, 5 and 10) of two ids."""
    sampled = sample_location_pairs(
        torch.ones(3, 1, 5, dtype=torch.bool), PAIRS, identity_share=share
    )
    negatives = [row for row in rows(sampled) if not row[2]]
    assert len(negatives) == 8
    assert sum(a % 5 == 0 and b % 5 == 0 for a, b, _ in negatives) == expected


def test_half_of_the_weight_for_few():
    """4 pairs with weight 1/8 each against 140 with 1/280: most of the 4 are drawn."""
    counts = []
    for seed in range(30):
        sampled = sample_location_pairs(
            torch.ones(3, 1, 5, dtype=torch.bool),
            PAIRS,
            generator=torch.Generator().manual_seed(seed),
        )
        counts.append(sum(a % 5 == 0 and b % 5 == 0 for a, b, n in rows(sampled) if not n))
    assert 2 < sum(counts) / 30 < 4


def test_seeded():
    valid = torch.ones(3, 4, 5, dtype=torch.bool)
    first, second = (
        sample_location_pairs(valid, PAIRS, generator=torch.Generator().manual_seed(7))
        for _ in range(2)
    )
    assert torch.equal(first.first, second.first)
    assert torch.equal(first.second, second.second)


def test_nobody_twice():
    none = torch.zeros(0, 2, dtype=torch.long)
    sampled = sample_location_pairs(
        torch.ones(3, 4, 5, dtype=torch.bool), ClipPairs(same=none, other=PAIRS.other)
    )
    assert all(
        part.shape == (0, 4)
        for part in (sampled.first, sampled.second, sampled.labels, sampled.weights)
    )
