"""The rule of what an annotator marks, and boxes."""

import numpy as np

from mmpose_temporal.synthetic.visibility import (
    head_boxes,
    person_box,
    visible_keypoints,
)


def _visible(points, order, own, radius=2.0):
    keypoints = np.array(points, float)[None]
    return visible_keypoints(keypoints, order, orders=np.array([own]), radii=np.array([radius]))[0]


def test_only_later_drawn_things_hide():
    order = np.zeros((40, 40), np.uint8)
    order[:, 20:] = 3
    points = [[5, 20], [35, 20]]
    assert _visible(points, order, own=2).tolist() == [True, False]
    assert _visible(points, order, own=3).tolist() == [True, True]  # own body
    assert _visible(points, order, own=4).tolist() == [True, True]  # someone behind


def test_outside_the_frame():
    order = np.zeros((30, 40), np.uint8)
    points = [[0, 0], [39, 29], [-0.6, 5], [39.6, 5], [5, 29.6], [5, -0.1]]
    assert _visible(points, order, own=1).tolist() == [True, True, False, False, False, False]


def test_half_of_the_disc_decides():
    order = np.zeros((40, 40), np.uint8)
    order[:, 20:] = 2
    # The disc of radius 4 at x=17 sees a quarter of the object, at x=22 more than half.
    assert _visible([[17, 20], [22, 20]], order, own=1, radius=4).tolist() == [True, False]


def test_nobody():
    empty = visible_keypoints(
        np.zeros((0, 17, 2)), np.zeros((9, 9), np.uint8), orders=np.zeros(0), radii=np.zeros(0)
    )
    assert empty.shape == (0, 17)


def test_person_box_by_hand():
    points = np.array([[10.0, 20.0], [30.0, 60.0]])
    # Extent 20 x 40; 15 % of it: 3 and 6.
    np.testing.assert_allclose(person_box(points, least=1), [7, 14, 33, 66])
    np.testing.assert_allclose(person_box(points[:1], least=2), [8, 18, 12, 22])


def test_head_box_holds_the_head():
    keypoints = np.zeros((1, 17, 2))
    keypoints[0, :3] = [[25, 18], [20, 30], [20, 10]]  # nose, head_bottom, head_top
    np.testing.assert_allclose(
        head_boxes(keypoints, half_width=np.array([4.0])), [[16, 10, 25, 30]]
    )
