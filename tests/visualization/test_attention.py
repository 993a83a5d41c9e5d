"""Attention on plain backgrounds, and matrices of scores."""

import numpy as np
import pytest

from mmpose_temporal.visualization import (
    draw_attention,
    draw_scores,
    figure_image,
    received_attention,
)

LINKS = np.array([[0, 1]])


def test_received_is_the_mean_over_the_visible_queries() -> None:
    """Two poses of one joint, then of two, of which the current pose's second is hidden."""
    maps = np.array([[[0.9, 0.1], [0.5, 0.5]]])
    found = received_attention(maps, np.ones((2, 1), bool))
    np.testing.assert_allclose(found, [[[0.7], [0.3]]])  # (0.9 + 0.5) / 2
    maps = np.array([[0.4, 0, 0.6, 0], [1, 0, 0, 0], [0.1, 0, 0.8, 0.1], [0.4, 0, 0.4, 0.2]])
    found = received_attention(maps, np.array([[True, False], [True, True]]))
    # (0.4 + 0.1 + 0.4) / 3, 0; (0.6 + 0.8 + 0.4) / 3, (0 + 0.1 + 0.2) / 3
    np.testing.assert_allclose(found, [[0.3, 0], [0.6, 0.1]])


def test_received_needs_fitting_shapes() -> None:
    with pytest.raises(ValueError, match=r"got \(4, 4\) and \(2, 1\)"):
        received_attention(np.zeros((4, 4)), np.ones((2, 1), bool))
    with pytest.raises(ValueError, match="no joint"):
        received_attention(np.zeros((2, 2)), np.zeros((2, 1), bool))


def two_poses() -> tuple[np.ndarray, np.ndarray]:
    keypoints = np.array([[[10, 10], [10, 30.0]], [[20, 10], [20, 30.0]]])
    return keypoints, np.ones((2, 2), bool)


def test_joints_have_the_colour_of_their_attention() -> None:
    """All attention goes to the current pose's upper joint."""
    attention = np.zeros((1, 2, 2, 2))
    attention[:, :, 0, 0] = 1
    figure = draw_attention(attention, *two_poses(), LINKS, titles=[["a", "b"]], headline="c")
    assert [panel.get_suptitle() for panel in figure.subfigs] == ["a", "b"]
    earlier, current = figure.subfigs[0].axes[:2]
    assert earlier.get_xlabel() == "earlier: 0%" and current.get_xlabel() == "current: 100%"
    dots = current.collections[0]
    np.testing.assert_array_equal(dots.get_offsets(), [[10, 10], [10, 30]])
    np.testing.assert_array_equal(dots.get_array(), [1, 0])
    np.testing.assert_array_equal(earlier.collections[0].get_array(), [0, 0])
    np.testing.assert_array_equal(current.lines[0].get_xydata(), [[10, 10], [10, 30]])
    low, high = current.get_ylim()
    assert low > 30 and high < 10  # y goes down, as in an image
    picture = figure_image(figure)
    assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3
    # only the current pose's upper joint is dark red, twice
    assert ((picture[..., 0] < 130) & (picture[..., 0] > 80) & (picture[..., 1] < 20)).sum() > 20


def test_hidden_joints_are_not_drawn() -> None:
    keypoints, visible = two_poses()
    visible[0, 1] = visible[1] = False
    figure = draw_attention(np.ones((1, 1, 2, 2)), keypoints, visible, LINKS)
    earlier, current = figure.subfigs[0].axes[:2]
    assert len(current.collections[0].get_offsets()) == 1 and not current.lines
    assert len(earlier.collections[0].get_offsets()) == 0
    figure_image(figure)


def test_poses_are_drawn_on_the_frames() -> None:
    images = [np.full((40, 50, 3), value, np.uint8) for value in (100, 200)]
    figure = draw_attention(np.ones((1, 1, 2, 2)), *two_poses(), LINKS, images=images)
    earlier, current = figure.subfigs[0].axes[:2]
    assert earlier.images[0].get_array().max() == 200
    assert current.images[0].get_array().max() == 100


def test_attention_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match=r"got \(1, 1, 2, 3\)"):
        draw_attention(np.ones((1, 1, 2, 3)), *two_poses(), LINKS)


def test_scores_are_written_into_the_matrix() -> None:
    scores = np.array([[0.25, np.nan], [0, 1.0]])
    figure = draw_scores(scores, ["id 1", "id 2"], ["a", "b"], headline="v")
    axes = figure.axes[0]
    texts = {(text.get_position(), text.get_text()) for text in axes.texts}
    assert texts == {((0, 0), "0.25"), ((0, 1), "0.00"), ((1, 1), "1.00")}
    assert [label.get_text() for label in axes.get_yticklabels()] == ["id 1", "id 2"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b"]
    figure_image(figure)


def test_nobody_is_an_empty_matrix() -> None:
    assert figure_image(draw_scores(np.zeros((2, 0)), ["a", "b"], [])).shape[2] == 3
    with pytest.raises(ValueError, match=r"\(1, 1\) need as many names, got 2 and 1"):
        draw_scores(np.zeros((1, 1)), ["a", "b"], ["c"])
