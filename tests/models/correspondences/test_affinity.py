"""Affinities of many queries at once against a plain loop over them, and by hand."""

import math

import pytest
import torch

from mmpose_temporal.models.correspondences import (
    affinities,
    correlation,
    lift,
    nearby_mass,
    peaks,
    query_patches,
)
from mmpose_temporal.models.correspondences.affinity import between_cells, normalised, read_at


def one_by_one(source, target, cells, valid, size):
    """(B, Q, h, w), one product per query, cell and place of the patch."""
    batch, _, height, width = target.shape
    reach = size // 2
    maps = torch.zeros(batch, cells.shape[1], height, width, dtype=source.dtype)

    def at(embedding, x, y):
        rows, columns = embedding.shape[1:]
        inside = 0 <= x < columns and 0 <= y < rows
        return embedding[:, y, x] if inside else torch.zeros_like(embedding[:, 0, 0])

    steps = [(dx, dy) for dx in range(-reach, reach + 1) for dy in range(-reach, reach + 1)]
    for b in range(batch):
        for q, (x, y) in enumerate(cells[b].tolist()):
            if not valid[b, q]:
                continue
            patch = torch.cat([at(source[b], x + dx, y + dy) for dx, dy in steps])
            for v in range(height):
                for u in range(width):
                    there = torch.cat([at(target[b], u + dx, v + dy) for dx, dy in steps])
                    maps[b, q, v, u] = patch @ there
            maps[b, q] = maps[b, q].exp() / maps[b, q].exp().sum()
    return maps


@pytest.mark.parametrize("size", [1, 3, 5])
def test_many_queries_equal_a_loop(size):
    """Two pairs of frames, two people of three joints: corners, borders, twice the same cell, and
    one that is not asked for. The second frames are larger than the first ones."""
    torch.manual_seed(0)
    source, target = torch.randn(2, 4, 5, 7), torch.randn(2, 4, 6, 8)
    cells = torch.tensor([[[0, 0], [6, 4], [3, 0], [3, 0], [2, 2], [1, 1]]] * 2)
    cells[1] = cells[1].flip(0)
    valid = torch.ones(2, 6, dtype=torch.bool)
    valid[0, 5] = False
    found = affinities(correlation(target, query_patches(source, cells, size)), valid)
    torch.testing.assert_close(
        found, one_by_one(source, target, cells, valid, size), rtol=1e-5, atol=1e-6
    )
    assert found[0, 5].abs().sum() == 0
    torch.testing.assert_close(found.sum((2, 3)), valid.float())


def test_people_do_not_see_each_other():
    """A query has the same affinities alone as among a hundred others."""
    torch.manual_seed(0)
    source, target = torch.randn(1, 3, 6, 6), torch.randn(1, 3, 6, 6)
    cells = torch.randint(0, 6, (1, 100, 2))
    many = correlation(target, query_patches(source, cells, 3))
    for query in (0, 57, 99):
        alone = correlation(target, query_patches(source, cells[:, query, None], 3))
        torch.testing.assert_close(many[:, query, None], alone)


def test_a_patch_by_hand():
    """Rows 0 1 2 / 3 4 5: the surroundings of the upper left cell, zero outside."""
    maps = torch.arange(6.0).reshape(1, 1, 2, 3)
    patches = query_patches(maps, torch.tensor([[[0, 0], [2, 1]]]), 3)
    assert patches[0, 0, 0].tolist() == [[0, 0, 0], [0, 0, 1], [0, 3, 4]]
    assert patches[0, 1, 0].tolist() == [[1, 2, 0], [4, 5, 0], [0, 0, 0]]
    # with the map itself the upper left cell has 0 + 1 + 9 + 16 in common
    assert correlation(maps, patches)[0, 0, 0, 0] == 26


def test_nobody_is_asked_for():
    maps = torch.randn(2, 3, 4, 5)
    none = correlation(maps, query_patches(maps, torch.zeros(2, 0, 2, dtype=torch.long), 3))
    assert none.shape == (2, 0, 4, 5)


def test_both_ways_to_divide():
    """(3, 4) has the length 5: (0.6, 0.8), or divided by 25. Zero stays zero."""
    maps = torch.tensor([[3.0, 0.0], [4.0, 0.0]]).reshape(1, 2, 1, 2)
    cosine, squared = (normalised(maps, way) for way in ("cosine", "squared_norm"))
    torch.testing.assert_close(cosine[0, :, 0].T, torch.tensor([[0.6, 0.8], [0, 0]]))
    torch.testing.assert_close(squared[0, :, 0].T, torch.tensor([[0.12, 0.16], [0, 0]]))


def test_affinities_of_great_numbers_and_half_precision():
    logits = torch.tensor([[[1e4, 1e4 - 1, -1e4]]], dtype=torch.float16)
    found = affinities(logits, torch.tensor([True]))
    assert found.dtype == torch.float32
    assert found.sum() == 1
    logits = torch.tensor([[[90.0, 91.0]]]).half()
    assert found[0, 0, 2] == 0
    torch.testing.assert_close(
        affinities(logits, torch.tensor([True]))[0, 0, 1], torch.tensor(1 / (1 + math.exp(-1)))
    )


def test_lift_by_hand():
    """Sixteen cells: chance is 1/16, and 1/4 is half way to 1 on the logarithmic scale."""
    maps = torch.full((1, 4, 4), 1 / 16)
    assert lift(maps).abs().max() < 1e-6
    maps[0, 0] = torch.tensor([1, 0.25, 0, 1 / 32])
    torch.testing.assert_close(lift(maps)[0, 0], torch.tensor([1, 0.5, 0, 0]))
    assert lift(torch.ones(1, 1, 1)).tolist() == [[[1 / math.log(2) * math.log(1)]]]


def test_peaks_and_the_first_of_several():
    maps = torch.zeros(2, 3, 4)
    maps[0, 2, 1] = 0.7
    maps[1, 1, 3] = maps[1, 2, 0] = 0.5
    values, cells = peaks(maps)
    assert values.tolist() == pytest.approx([0.7, 0.5])
    assert cells.tolist() == [[1, 2], [3, 1]]


def test_the_affinity_within_a_cell():
    """A point between four cells, a quarter in each, is as sure as one that fills its cell."""
    maps = torch.zeros(2, 5, 5)
    maps[0, 1:3, 1:3] = 0.25
    maps[1, 2, 3] = 1
    mass = nearby_mass(maps)
    values, cells = peaks(mass)
    torch.testing.assert_close(values, torch.ones(2), rtol=0, atol=2e-3)
    assert cells.tolist() == [[1, 1], [3, 2]]  # the first of the four, and the one
    assert mass[0, 0, 0] == pytest.approx(0.25, abs=1e-3)
    assert mass[0, 4, 4] == 0


def test_a_sharp_affinity_is_found_in_its_cell():
    """Not in the first of the nine cells around it that see all of it."""
    maps = torch.zeros(3, 6, 6)
    maps[0, 3, 2] = maps[1, 0, 0] = maps[2, 5, 5] = 1
    mass = nearby_mass(maps)
    _, cells = peaks(mass)
    assert cells.tolist() == [[2, 3], [0, 0], [5, 5]]
    torch.testing.assert_close(
        between_cells(mass, cells)[0], torch.tensor([2.0, 3.0]), rtol=0, atol=1e-3
    )


def test_between_cells_by_hand():
    """Three quarters in column 1 and a quarter in column 2; at a border; nothing at all."""
    maps = torch.zeros(3, 3, 4)
    maps[0, 1, 1], maps[0, 1, 2] = 0.75, 0.25
    maps[1, 0, 0] = maps[1, 1, 0] = 0.5
    cells = torch.tensor([[1, 1], [0, 0], [2, 2]])
    expected = torch.tensor([[1.25, 1], [0, 0.5], [2, 2]])
    torch.testing.assert_close(between_cells(maps, cells), expected)


def test_between_cells_goes_half_a_cell_at_most():
    maps = torch.zeros(1, 1, 3)
    maps[0, 0, 1], maps[0, 0, 2] = 0.1, 0.9
    assert between_cells(maps, torch.tensor([[1, 0]])).tolist() == [[1.5, 0]]


def test_values_at_cells():
    """Joint k is read in map k: of two maps the cells (1, 0) and (0, 1)."""
    maps = torch.arange(8.0).reshape(1, 2, 2, 2)
    assert read_at(maps, torch.tensor([[[1, 0], [0, 1]]])).tolist() == [[[1, 6]]]
    assert read_at(maps, torch.zeros(0, 2, 2, dtype=torch.long)).shape == (1, 0, 2)
