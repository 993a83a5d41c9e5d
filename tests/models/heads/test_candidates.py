"""Heatmaps of a few cells, drawn by hand."""

import pytest
import torch

from mmpose_temporal.models.heads import gather_features, local_maxima, mirror_cells, off_centre

NONE = float("-inf")

HEATMAP = torch.tensor(
    [
        [0.5, 0.1, 0.0, 0.0, 0.3],
        [0.1, 0.0, 0.0, 0.0, 0.1],
        [0.0, 0.0, 0.9, 0.2, 0.0],
        [0.4, 0.0, 0.1, 0.0, 0.6],
    ]
)
"""Maxima: 0.9 at (2, 2), 0.6 at (4, 3), 0.5 at (0, 0), 0.4 at (0, 3), 0.3 at (4, 0); (x, y)."""


def test_maxima_come_in_the_order_of_their_responses() -> None:
    found = local_maxima(HEATMAP[None, None], num=3)
    assert found.cells.tolist() == [[[[2, 2], [4, 3], [0, 0]]]]
    torch.testing.assert_close(found.scores, torch.tensor([[[0.9, 0.6, 0.5]]]))
    assert found.valid.all()


def test_fewer_maxima_than_asked_for_are_filled_up() -> None:
    found = local_maxima(HEATMAP[None, None], num=7)
    assert found.cells[0, 0, :5].tolist() == [[2, 2], [4, 3], [0, 0], [0, 3], [4, 0]]
    assert found.cells[0, 0, 5:].tolist() == [[0, 0], [0, 0]]
    assert found.scores[0, 0, 5:].tolist() == [NONE, NONE]
    assert found.valid[0, 0].tolist() == [True] * 5 + [False] * 2


def test_more_candidates_than_cells() -> None:
    found = local_maxima(torch.tensor([[[[0.1, 0.2]]]]), num=4)
    assert found.cells.tolist() == [[[[1, 0], [0, 0], [0, 0], [0, 0]]]]
    assert found.valid.tolist() == [[[True, False, False, False]]]


def test_a_larger_window_suppresses_more() -> None:
    """In a 5x5 window (2 cells each way) 0.6 at (4, 3) sees 0.9; the corners above see 0.9 too."""
    found = local_maxima(HEATMAP[None, None], num=5, kernel=5)
    assert found.cells[0, 0, found.valid[0, 0]].tolist() == [[2, 2]]


def test_a_flat_heatmap_has_the_arg_max_only() -> None:
    """An image of one colour: all cells are equal, and the first one is the arg max."""
    found = local_maxima(torch.full((2, 3, 4, 5), 0.7), num=16)
    assert found.valid.sum(-1).tolist() == [[1, 1, 1], [1, 1, 1]]
    assert (found.cells == 0).all()
    torch.testing.assert_close(found.scores[..., 0], torch.full((2, 3), 0.7))


def test_equal_maxima_are_all_there_and_the_first_is_first() -> None:
    heatmap = torch.zeros(1, 1, 3, 7)
    heatmap[0, 0, 1, [1, 3, 5]] = 0.5
    found = local_maxima(heatmap, num=4)
    assert found.cells[0, 0, 0].tolist() == [1, 1]
    assert sorted(found.cells[0, 0, :3].tolist()) == [[1, 1], [3, 1], [5, 1]]
    assert found.valid[0, 0].tolist() == [True, True, True, False]


def test_negative_responses_can_be_maxima() -> None:
    found = local_maxima(HEATMAP[None, None] - 2, num=2)
    assert found.cells.tolist() == [[[[2, 2], [4, 3]]]]


def test_no_people() -> None:
    found = local_maxima(torch.zeros(0, 17, 8, 6), num=4)
    assert found.cells.shape == (0, 17, 4, 2) and found.scores.shape == (0, 17, 4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(num=0), "num must be 1 candidate or more, got 0"),
        (dict(kernel=4), "kernel must be odd and 3 or more, got 4"),
        (dict(kernel=1), "kernel must be odd and 3 or more, got 1"),
    ],
)
def test_wrong_options(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        local_maxima(HEATMAP[None, None], **options)


def test_features_are_those_of_the_cells() -> None:
    """A map whose channels are 100 b + x and y."""
    y, x = torch.meshgrid(torch.arange(4), torch.arange(5), indexing="ij")
    maps = torch.stack([torch.stack([x + 100 * b, y]) for b in range(2)])
    cells = torch.tensor([[[[2, 3], [0, 1]]], [[[4, 0], [1, 2]]]])
    assert gather_features(maps, cells).tolist() == [[[[2, 3], [0, 1]]], [[[104, 0], [101, 2]]]]


def test_a_quarter_towards_the_higher_neighbour() -> None:
    """At (2, 2): right 0.2 > left 0.0, below 0.1 > above 0.0. At the border nothing is known."""
    cells = torch.tensor([[[[2, 2], [4, 3], [0, 1]]]])
    places = off_centre(HEATMAP[None, None], cells)
    # (0, 1): x is on the border; above 0.5 > below 0.0
    assert places.tolist() == [[[[2.25, 2.25], [4.0, 3.0], [0.0, 0.75]]]]


@pytest.mark.parametrize("shift", [False, True])
def test_mirrored_cells_are_where_mmpose_takes_its_responses_from(shift: bool) -> None:
    """On all cells of maps of 4 x 5; with the shift column 0 stays and 1 to 4 get 0 to 3."""
    tta = pytest.importorskip("mmpose.models.utils.tta")
    there = torch.rand(2, 3, 4, 5)
    back = tta.flip_heatmaps(there, [0, 2, 1], flip_mode="heatmap", shift_heatmap=shift)
    y, x = torch.meshgrid(torch.arange(4), torch.arange(5), indexing="ij")
    cells = mirror_cells(torch.stack([x, y], -1), 5, shift=shift)
    assert cells[0, :, 0].tolist() == ([4, 4, 3, 2, 1] if shift else [4, 3, 2, 1, 0])
    found = there[:, [0, 2, 1]][:, :, cells[..., 1], cells[..., 0]]
    torch.testing.assert_close(found, back, atol=0, rtol=0)
