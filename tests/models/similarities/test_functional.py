import math

import numpy as np
import pytest
from mmpose.evaluation.functional.nms import oks_iou

from mmpose_temporal.models.similarities import (
    box_areas,
    pairwise_iou,
    pairwise_oks,
    shared_joints,
    solid_boxes,
)
from mmpose_temporal.testing import random_poses


def boxes(*rows) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def test_iou_by_hand():
    one = boxes([0, 0, 10, 10], [0, 0, 4, 4])
    other = boxes([5, 0, 15, 10], [0, 0, 10, 10], [10, 0, 20, 10])
    expected = [
        [50 / 150, 1, 0],  # half of each of two boxes of 100; the same; touching
        [0, 16 / 100, 0],
    ]
    np.testing.assert_allclose(pairwise_iou(one, other), expected, rtol=1e-6)


def test_boxes_without_area_overlap_nothing():
    flat, inverted = [3, 3, 3, 9], [8, 8, 2, 2]
    scores = pairwise_iou(boxes(flat, inverted), boxes([0, 0, 10, 10], flat, inverted))
    np.testing.assert_array_equal(scores, np.zeros((2, 3)))
    assert box_areas(boxes(flat, inverted, [1, 1, 3, 4])).tolist() == [0, 0, 6]


@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (0, 3), (3, 0)])
def test_iou_of_nobody(rows, columns):
    assert pairwise_iou(np.zeros((rows, 4)), np.zeros((columns, 4))).shape == (rows, columns)


def oks(a, b, sigmas) -> np.ndarray:
    return pairwise_oks(
        a.keypoints,
        a.keypoint_scores > 0,
        box_areas(a.boxes),
        b.keypoints,
        b.keypoint_scores > 0,
        box_areas(b.boxes),
        sigmas,
    )


def test_oks_by_hand():
    """Two joints, areas 100 and 300; (2 sigma)^2 = 0.04 and 0.16; 2 * 0.04 * 200 = 16."""
    a = np.array([[[0.0, 0.0], [10.0, 10.0]]])
    b = a + np.array([[[4.0, 0.0], [0.0, 0.0]]])  # the first joint 4 px away
    both, second = np.array([[True, True]]), np.array([[False, True]])
    sigmas = np.array([0.1, 0.2])
    areas, others = np.array([100.0]), np.array([300.0])
    score = pairwise_oks(a, both, areas, b, both, others, sigmas)
    np.testing.assert_allclose(score, [[(math.exp(-16 / 16) + 1) / 2]], rtol=1e-6)
    # d^2 = 16 over 2 (2 sigma)^2 a = 2 * 0.04 * 200: the exponent is -1
    score = pairwise_oks(a, both, areas, b, second, others, sigmas)
    np.testing.assert_allclose(score, [[1]], rtol=1e-6)  # only the joint that both have


def test_no_joint_in_common_is_zero():
    a = np.zeros((1, 2, 2))
    first, second = np.array([[True, False]]), np.array([[False, True]])
    area = np.array([100.0])
    score = pairwise_oks(a, first, area, a, second, area, np.array([0.1, 0.1]))
    assert score.tolist() == [[0.0]]


@pytest.mark.parametrize("absent", [0.0, 0.4])
@pytest.mark.parametrize("seed", range(3))
def test_oks_is_mmposes(seed, absent):
    """Mmpose's loop over single poses, on joints that both have (vis_thr=0)."""
    a = random_poses(6, seed=seed, absent=absent)
    b = random_poses(5, seed=seed + 100, absent=absent)
    near = a.keypoints[:5] + np.random.default_rng(seed).normal(0, 8, (5, 17, 2))
    b = b.replace(keypoints=near.astype(np.float32), boxes=a.boxes[:5] + 2)
    sigmas = np.linspace(0.02, 0.1, 17)
    ours = oks(a, b, sigmas)
    flat = [np.dstack([p.keypoints, p.keypoint_scores]).reshape(len(p), -1) for p in (a, b)]
    areas = [box_areas(p.boxes) for p in (a, b)]
    for i in range(len(a)):
        reference = oks_iou(flat[0][i], flat[1], areas[0][i], areas[1], sigmas, vis_thr=0)
        np.testing.assert_allclose(ours[i], reference, atol=1e-6)
    assert np.diag(ours).min() > 0.05  # so that it is not zeros that are compared
    assert ours.max() <= 1


def test_oks_does_not_change_its_inputs():
    a = random_poses(3, seed=0)
    before = a.keypoints.copy()
    oks(a, a, np.full(17, 0.05))
    np.testing.assert_array_equal(a.keypoints, before)


def test_a_pose_without_area_is_like_itself():
    pose = random_poses(1, seed=0).replace(boxes=np.zeros((1, 4), np.float32))
    assert oks(pose, pose, np.full(17, 0.05)).tolist() == [[1.0]]


@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (0, 3), (3, 0)])
def test_oks_of_nobody(rows, columns):
    a, b = random_poses(rows, seed=0), random_poses(columns, seed=1)
    assert oks(a, b, np.full(17, 0.05)).shape == (rows, columns)


def test_boxes_without_area_get_one_around_their_centre():
    """At least 8 pixels, and an eighth of the longer side; boxes turned inside out stay."""
    found = solid_boxes(boxes([5, 5, 5, 5], [10, 0, 10, 160], [0, 0, 20, 4], [8, 8, 2, 2]))
    expected = boxes([1, 1, 9, 9], [0, 0, 20, 160], [0, -2, 20, 6], [8, 8, 2, 2])
    np.testing.assert_array_equal(found, expected)
    large = boxes([0, 0, 20, 10])
    assert solid_boxes(large) is large
    assert solid_boxes(boxes()).shape == (0, 4)


def test_joints_that_two_share_and_those_of_the_one_with_more():
    three, one, none = np.float32([[1, 1, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0]])
    shared, larger = shared_joints(np.stack([three, one]), np.stack([three, one, none]))
    assert shared.tolist() == [[3, 1, 0], [1, 1, 0]]
    assert larger.tolist() == [[3, 3, 3], [3, 1, 1]]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (dict(), math.exp(-1)),
        (dict(kernel="student"), 1 / 2),
        (dict(missing_joints="disagree"), math.exp(-1) / 2),
        (dict(missing_joints="disagree", kernel="student"), 1 / 4),
    ],
)
def test_kernels_and_missing_joints_by_hand(options, expected):
    """One joint of two is shared, 4 px apart: 2 (2 * 0.1)^2 200 = 16, so e = 1."""
    now, past = np.float32([[[0, 0], [9, 9]]]), np.float32([[[4, 0], [9, 9]]])
    area, both, first = np.float32([200]), np.ones((1, 2)), np.float32([[1, 0]])
    score = pairwise_oks(now, both, area, past, first, area, np.array([0.1, 0.1]), **options)
    np.testing.assert_allclose(score, [[expected]], rtol=1e-6)


@pytest.mark.parametrize("options", [dict(kernel="cauchy"), dict(missing_joints="help")])
def test_unknown_kernels_and_ways(options):
    points, seen, area = np.zeros((1, 2, 2), np.float32), np.ones((1, 2)), np.ones(1)
    with pytest.raises(ValueError, match="missing_joints must be one of disagree, ignore and"):
        pairwise_oks(points, seen, area, points, seen, area, np.array([0.1, 0.1]), **options)
