import numpy as np

from mmpose_temporal.evaluation.functional import points_in_polygon, points_in_regions

SQUARE = np.array([[0, 0], [4, 0], [4, 4], [0, 4]])
DENT = np.array([[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]])  # a square with a dent from below


def test_inside_and_outside():
    points = np.array([[2, 2], [5, 2], [-1, 2], [2, 5], [0.001, 0.001]])
    assert points_in_polygon(points, SQUARE).tolist() == [True, False, False, False, True]


def test_the_border_is_outside():
    points = np.array([[0, 2], [4, 2], [2, 0], [2, 4], [0, 0], [4, 4]])
    assert not points_in_polygon(points, SQUARE).any()
    assert not points_in_polygon(points, SQUARE[::-1]).any()


def test_dent():
    points = np.array([[2, 0.5], [2, 2], [0.5, 3], [3, 2.5], [3, 2]])
    # the right edge of the dent goes from (4, 4) to (2, 1): at x = 3 it is at y = 2.5
    assert points_in_polygon(points, DENT).tolist() == [True, False, True, False, True]


def test_closed_ring_and_empty_polygon():
    closed = np.concatenate([SQUARE, SQUARE[:1]])
    assert points_in_polygon(np.array([[1, 1]]), closed).tolist() == [True]
    assert points_in_polygon(np.array([[1, 1]]), np.zeros((0, 2))).tolist() == [False]


def test_regions_add_up_and_keep_the_shape():
    points = np.array([[[1, 1], [11, 1]], [[21, 1], [2, 2]]])
    inside = points_in_regions(points, [SQUARE, SQUARE + np.array([10, 0])])
    assert inside.tolist() == [[True, True], [False, True]]
    assert not points_in_regions(points, []).any()
