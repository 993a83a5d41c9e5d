"""Maps that are moved, and where attention falls, by hand."""

import numpy as np
import pytest
import torch

from mmpose_temporal.evaluation.memory_oracle import (
    AttentionPeaks,
    are_near,
    attention_figures,
    attention_near,
    attention_peaks,
    cells_at,
    found_figures,
    move_maps,
    place_shares,
    with_previous,
)


def test_places_of_keypoints_in_a_crop() -> None:
    """A crop of 20 x 40 pixels around (100, 50): x from 90 to 110, y from 30 to 70."""
    keypoints = np.array([[[90, 30], [100, 50], [105, 69], [110, 50], [89, 50]]], np.float32)
    shares = place_shares(keypoints, np.array([[100, 50]]), np.array([[20, 40]]))
    np.testing.assert_allclose(
        shares, [[[0, 0], [0.5, 0.5], [0.75, 0.975], [1, 0.5], [-0.05, 0.5]]], atol=1e-6
    )
    # of 4 x 2 cells (h x w): the first, row 2 column 1, row 3 column 1, and two outside
    np.testing.assert_array_equal(cells_at(shares, (4, 2)), [[0, 5, 7, -1, -1]])
    np.testing.assert_array_equal(cells_at(np.array([[np.nan, 0.5]]), (4, 2)), [-1])


def test_maps_are_moved_and_not_rolled() -> None:
    maps = torch.arange(1.0, 7).view(1, 1, 2, 3).repeat(1, 4, 1, 1)  # 1 2 3 / 4 5 6
    moved = move_maps(maps, torch.tensor([[[0, 0], [1, 0], [-1, 1], [3, 0]]]))[0]
    assert moved.tolist() == [
        [[1, 2, 3], [4, 5, 6]],
        [[0, 1, 2], [0, 4, 5]],
        [[0, 0, 0], [2, 3, 0]],
        [[0, 0, 0], [0, 0, 0]],
    ]


def test_means_with_the_previous_crop() -> None:
    """Two crops of a clip and the first of another; a row of four cells, of two keypoints."""
    maps = torch.zeros(3, 2, 1, 4)
    maps[0, :, 0, 1] = 1.0
    maps[1, :, 0, 2] = 0.5
    maps[2, :, 0, 3] = 1.0
    previous = np.array([-1, 0, -1])
    same = with_previous(maps, previous, 0.6)
    assert torch.equal(same[[0, 2]], maps[[0, 2]])
    expected = torch.tensor([0, 0.4, 0.3, 0])  # 0.4 * 1 and 0.6 * 0.5
    torch.testing.assert_close(same[1, :, 0], expected.expand(2, -1))

    # the first keypoint moves from x = 0.3 to 0.58, 1.12 of 4 cells; the second is not annotated
    places = np.full((3, 2, 2), 0.5)
    places[0, 0], places[1, 0], places[0, 1] = (0.3, 0.5), (0.58, 0.5), np.nan
    moved = with_previous(maps, previous, 0.6, places)
    torch.testing.assert_close(moved[1, 0, 0], torch.tensor([0, 0, 0.7, 0]))
    assert torch.equal(moved[1, 1], maps[1, 1]) and torch.equal(moved[[0, 2]], maps[[0, 2]])
    seen = with_previous(maps, previous, 0.6, places, seen_as=lambda before: 2 * before)
    torch.testing.assert_close(seen[1, 0, 0], torch.tensor([0, 0, 1.1, 0]))


def test_found_figures_by_hand() -> None:
    """Hidden: right at 0.9, wrong at 0.8, right at 0.7. Seen: one, wrong. One is not annotated."""
    scores = np.array([[0.9, 0.8, 0.7, 0.5, 1.0]], np.float32)
    right = np.array([[True, False, True, False, False]])
    annotated = np.array([[True, True, True, True, False]])
    hidden = np.array([[True, True, True, False, True]])
    found = found_figures(scores, right, annotated, hidden)
    assert found["PCKh_hidden"] == pytest.approx(100 * 2 / 3)
    assert found["AP_hidden"] == pytest.approx(100 * (1 + 2 / 3) / 3)
    assert found["PCKh_seen"] == found["AP_seen"] == 0
    found = found_figures(scores, right, annotated, np.zeros_like(hidden))
    assert np.isnan(found["PCKh_hidden"]) and np.isnan(found["AP_hidden"])
    assert found["PCKh_seen"] == pytest.approx(50)  # 2 of 4


def test_peaks_of_heads() -> None:
    """Two heads of two cells that attend to three; the mean in the second is 0.4 0.3 0.35.

    Keypoints ask from cells 1, 0, 1.
    """
    weights = torch.tensor([[[[0, 1, 0], [0.8, 0.2, 0.1]], [[0, 0, 0.9], [0, 0.4, 0.6]]]])
    peaks = attention_peaks(weights, np.array([[1, 0, 1]]))
    assert peaks.tolist() == [[[0, 0, 2], [1, 1, 2], [0, 0, 2]]]  # mean, first head, second head


def test_weight_around_a_place() -> None:
    """One row of four cells, of two heads; CoDA's negative weight does not count."""
    weights = torch.tensor([[[[0.1, 0.2, 0.3, 0.4]], [[0.5, 0.5, -1.0, 0.0]]]])
    found = attention_near(weights, np.zeros((1, 3), int), np.array([[0, 1, 3]]), 4)
    np.testing.assert_allclose(found, [[1.3 / 2, 1.6 / 2, 0.7 / 2]], rtol=1e-6)
    none = attention_near(-weights.abs(), np.zeros((1, 1), int), np.array([[0]]), 4)
    assert none.tolist() == [[0]]


def test_near_cells() -> None:
    """A grid of 4 columns: 5 is row 1, column 1."""
    near = are_near(np.array([0, 2, 10, 5, 3, 4, 13]), np.array([5]), 4)
    assert near.tolist() == [True, True, True, True, False, True, False]
    assert not are_near(np.array([4]), np.array([3]), 4)  # next to each other in memory only


def test_attention_by_hand() -> None:
    """4 x 4 cells. Three hidden joints: two stay, one moves from the first cell to the last.

    Attention finds the first and the moved one, its heads (one) only the first.
    """
    found = AttentionPeaks(
        query=np.array([0, 5, 15]),
        place=np.array([0, 6, 0]),
        peaks=np.array([[1, 4], [15, 15], [0, 15]]),
        weight=np.array([0.5, 0.3, 0.1]),
        hidden=np.array([True, True, True]),
    )
    figures = attention_figures(found, (4, 4))
    hidden = figures["hidden"]
    assert hidden["joints"] == 3
    assert hidden["peak"] == pytest.approx(2 / 3)
    assert hidden["weight"] == pytest.approx(0.3)
    assert hidden["heads"] == pytest.approx([1 / 3])
    assert hidden["same_cell"] == pytest.approx(2 / 3)
    assert hidden["chance"] == pytest.approx((4 + 9 + 4) / 3 / 16)  # corners have 4 cells around
    assert figures["hidden, moved"]["joints"] == 1
    assert figures["hidden, moved"]["peak"] == 1 and figures["hidden, moved"]["heads"] == [0]
    assert figures["seen"]["joints"] == 0 and np.isnan(figures["seen"]["peak"])
    both = AttentionPeaks.cat([found, found])
    assert attention_figures(both, (4, 4))["hidden"]["joints"] == 6
