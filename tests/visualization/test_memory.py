"""Attention over stored frames and qualities over time, on plain pictures."""

import numpy as np
import pytest

from mmpose_temporal.visualization import (
    EntryPicture,
    draw_memory,
    draw_qualities,
    figure_image,
)

NOBODY = np.zeros((0, 2), int)


def entry(weights: list, title: str = "", replaced: np.ndarray = NOBODY) -> EntryPicture:
    """Of a grey crop of 30 x 40 pixels."""
    image = np.full((40, 30, 3), 128, np.uint8)
    return EntryPicture(image, np.array(weights, float), title, replaced)


def draw(*entries: EntryPicture, **options):
    image = np.full((40, 30, 3), 200, np.uint8)
    return draw_memory(image, np.array([0.9, 0.1]), entries, **options)


def test_cells_have_the_colour_of_their_weight() -> None:
    """2 x 2 cells, the mean is 0.125: transparent up to it, the largest is the most opaque."""
    figure = draw(
        entry([[0, 0.5], [0.1, 0.1]], "t - 2: 70%"),
        entry([[0.3, 0], [0, 0]], "t - 1: 30%", np.array([[1, 0]])),
        headline="whose",
    )
    reader, first, second, bar = figure.axes
    assert [axes.get_title() for axes in (reader, first, second)] == [
        "frame t",
        "t - 2: 70%",
        "t - 1: 30%",
    ]
    np.testing.assert_allclose(reader.lines[0].get_xydata(), [[26.5, 3.5]])  # pixel centres
    assert reader.patches[0].get_xy() == (14.5, -0.5)  # the cell on the right above
    assert (reader.patches[0].get_width(), reader.patches[0].get_height()) == (15, 20)
    opacity = first.images[1].get_array()[..., 3]
    np.testing.assert_allclose(opacity, [[0, 0.9], [0, 0]])
    expected = 0.9 * ((0.3 - 0.125) / (0.5 - 0.125)) ** 0.7
    np.testing.assert_allclose(second.images[1].get_array()[0, 0, 3], expected)
    assert first.images[1].get_extent() == [-0.5, 29.5, 39.5, -0.5]
    assert not first.patches and second.patches[0].get_xy() == (14.5, -0.5)
    assert figure.get_suptitle() == "whose"
    assert bar.get_ylim() == (0, 0.5)
    np.testing.assert_allclose(bar.lines[0].get_ydata(), 0.125)
    picture = figure_image(figure)
    assert picture.dtype == np.uint8 and picture.shape[2] == 3


def test_signed_weights_are_red_and_blue() -> None:
    figure = draw(entry([[-2, 0], [0, 1.0]]), signed=True)
    _, axes, bar = figure.axes
    colors = axes.images[1].get_array()
    assert colors[0, 0, 2] > colors[0, 0, 0] and colors[1, 1, 0] > colors[1, 1, 2]
    np.testing.assert_allclose(colors[..., 3], [[0.9, 0], [0, 0.9 * 0.5**0.7]])
    assert bar.get_ylim() == (-2, 2)


def test_many_entries_and_equal_weights() -> None:
    """13 crops are three rows of 6, of which 5 stay empty; a long headline is broken."""
    figure = draw(*[entry(np.full((2, 2), 1 / 48))] * 12, headline="many words " * 20)
    assert len(figure.axes) == 18 + 1
    assert [axes.axison for axes in figure.axes[:18]] == [True] * 13 + [False] * 5
    np.testing.assert_allclose(figure.axes[1].images[1].get_array()[..., 3], 0)
    assert "\n" in figure.get_suptitle()
    figure_image(draw(entry(np.zeros((2, 2)))))


def test_grids_that_differ() -> None:
    with pytest.raises(ValueError, match=r"one grid of cells, got \[\(1, 2\), \(2, 2\)\]"):
        draw(entry([[0, 1]]), entry([[0, 1], [0, 0]]))
    with pytest.raises(ValueError, match=r"one grid of cells, got \[\]"):
        draw()


THRESHOLDS = dict(high_thr=1.1, low_thr=0.7, heatmap_thr=1.9)


def test_qualities_over_time() -> None:
    """Frame 4 is without the person; frame 5 replaces the second keypoint and is not stored."""
    frames = np.array([3, 5])
    quality = np.array([[1.2, 0.8], [1.0, 0.6]])
    replaced = np.array([[False, False], [False, True]])
    stored = np.array([True, False])
    figure = draw_qualities(
        frames, quality, replaced, stored, ["nose", "knee"], **THRESHOLDS, keypoint=1
    )
    upper, middle, lower = figure.axes[:3]
    assert upper.get_title(loc="left") == "knee"
    np.testing.assert_allclose(upper.lines[2].get_ydata(), [0.8, 0.6])
    np.testing.assert_allclose(upper.lines[3].get_xydata(), [[5, 0.6]])  # the cross
    assert [text.get_text() for text in upper.texts] == ["high_thr 1.1", "low_thr 0.7"]
    shown = middle.images[0].get_array()
    np.testing.assert_allclose(shown.filled(-1), [[1.2, -1, 1.0], [0.8, -1, 0.6]])
    saved, crosses = middle.lines
    np.testing.assert_array_equal(saved.get_xydata(), [[3, 0]])
    np.testing.assert_array_equal(crosses.get_xydata(), [[5, 1]])
    np.testing.assert_allclose(lower.lines[0].get_ydata(), [2.0, 1.6])
    stored, others = lower.lines[1:3]
    assert (stored.get_xdata().tolist(), others.get_xdata().tolist()) == ([3], [5])
    assert (stored.get_markerfacecolor(), others.get_markerfacecolor()) == ("tab:blue", "white")
    assert figure_image(figure).shape[2] == 3


def test_qualities_that_do_not_fit() -> None:
    one = np.ones((1, 1))
    arrays = np.array([3]), one, one > 2, np.array([True])
    figure_image(draw_qualities(*arrays, ["nose"], **THRESHOLDS))
    with pytest.raises(ValueError, match="there is no 1"):
        draw_qualities(*arrays, ["nose"], **THRESHOLDS, keypoint=1)
    with pytest.raises(ValueError, match=r"K names, got \(1, 1\)"):
        draw_qualities(*arrays, ["nose", "knee"], **THRESHOLDS)
    nobody = np.zeros((0, 1))
    with pytest.raises(ValueError, match="needs quality and replaced"):
        draw_qualities(np.zeros(0), nobody, nobody > 0, np.zeros(0, bool), ["nose"], **THRESHOLDS)
