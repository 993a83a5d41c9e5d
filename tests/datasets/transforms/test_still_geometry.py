import numpy as np
import pytest

from mmpose_temporal.datasets.transforms.still_geometry import (
    Source,
    about,
    apply,
    compose,
    inside,
    scale_of,
    values_at,
)


def test_a_quarter_turn_about_a_point():
    """From x to y, which is down: (3, 1), right of (2, 1), comes below it, then 5 to the right."""
    turn = about(np.array([2, 1]), degrees=90, shift=(5, 0))
    np.testing.assert_allclose(apply(turn, np.array([[3, 1], [2, 1]])), [[7, 2], [7, 1]])
    double = about(np.array([2, 1]), scale=2, mirrored=True)
    np.testing.assert_allclose(apply(double, np.array([3, 1])), [0, 1])
    assert scale_of(double) == pytest.approx(2)
    both = compose(double, turn)
    np.testing.assert_allclose(apply(both, np.array([3, 1])), apply(double, np.array([7, 2])))


def test_points_under_maps_of_their_own():
    maps = np.stack([about(np.zeros(2), scale=s) for s in (1, 3)])
    np.testing.assert_allclose(apply(maps, np.array([[1, 2], [1, 2]])), [[1, 2], [3, 6]])


def test_a_point_is_where_its_nearest_pixel_is():
    points = np.array([[-0.5, 0], [-0.51, 0], [2.49, 1.49], [2.5, 0], [0, 1.5]])
    assert inside(points, (3, 2)).tolist() == [True, False, True, False, False]
    image = np.arange(6).reshape(2, 3)
    assert values_at(image, np.array([[0.4, 0.4], [0.5, 0], [2.4, 0.6]])).tolist() == [0, 1, 5]
    assert values_at(image, np.array([[-9, 9], [9, -9]])).tolist() == [3, 2]


def test_areas_are_averaged_where_the_image_gets_smaller():
    """A checkerboard of single pixels becomes grey, and half a board of 4 pixels stays sharp."""
    board = np.indices((64, 64)).sum(0) % 2
    quarter = about(np.array([-0.5, -0.5]), scale=0.25)
    fine = np.repeat(255 * board[..., None], 3, 2).astype(np.uint8)
    assert np.ptp(Source(fine).render(quarter, 16)) == 0
    coarse = fine.repeat(4, 0).repeat(4, 1)[:64, :64]
    small = Source(coarse).render(quarter, 16)
    np.testing.assert_array_equal(small, fine[:16, :16])


def test_an_image_is_black_where_it_is_not():
    image = np.full((4, 4, 3), 255, np.uint8)
    moved = Source(image).render(about(np.zeros(2), shift=(2, 0)), 8)
    assert moved[..., 0].tolist() == [[0, 0, 255, 255, 255, 255, 0, 0]] * 4 + [[0] * 8] * 4


def test_an_image_of_one_pixel():
    image = np.full((1, 1, 3), 9, np.uint8)
    assert Source(image).render(about(np.zeros(2), scale=0.1), 8).shape == (8, 8, 3)
