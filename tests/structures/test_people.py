import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData

from mmpose_temporal.structures import UNTRACKED, People, enclosing_boxes
from mmpose_temporal.testing import random_poses

FIELDS = ("keypoints", "keypoint_scores", "boxes", "box_scores", "track_ids")


def assert_same(a: People, b: People) -> None:
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
        assert getattr(a, name).dtype == getattr(b, name).dtype, name


def test_create_fills_in_what_is_not_given():
    poses = People.create(keypoints=[[[1, 2], [5, 10]], [[0, 0], [3, 4]]])
    assert len(poses) == 2
    np.testing.assert_array_equal(poses.keypoint_scores, np.ones((2, 2)))
    np.testing.assert_array_equal(poses.boxes, [[1, 2, 5, 10], [0, 0, 3, 4]])
    np.testing.assert_array_equal(poses.box_scores, [1, 1])
    np.testing.assert_array_equal(poses.track_ids, [UNTRACKED, UNTRACKED])
    assert [getattr(poses, name).dtype for name in FIELDS] == [np.float32] * 4 + [np.int64]


def test_joints_that_are_not_numbers_become_absent():
    given = np.array([[[np.nan, 2], [5, 10], [np.inf, 0], [7, 8]]])
    poses = People.create(keypoints=given, keypoint_scores=[[0.5, 0.6, 0.7, np.nan]])
    np.testing.assert_array_equal(poses.keypoints, [[[0, 0], [5, 10], [0, 0], [0, 0]]])
    np.testing.assert_array_equal(poses.keypoint_scores, np.float32([[0, 0.6, 0, 0]]))
    np.testing.assert_array_equal(poses.boxes, [[5, 10, 5, 10]])  # of the one joint left
    assert np.isnan(given[0, 0, 0])  # the caller's array is not touched


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("keypoints", np.zeros((2, 3, 3))),
        ("keypoint_scores", np.zeros((2, 4))),
        ("keypoint_scores", np.zeros((3, 3))),
        ("boxes", np.zeros((2, 5))),
        ("boxes", np.zeros((1, 4))),
        ("box_scores", np.zeros((2, 1))),
        ("track_ids", np.zeros(3)),
    ],
)
def test_shapes_that_do_not_fit_raise(name, wrong):
    given = dict(
        keypoints=np.zeros((2, 3, 2)),
        keypoint_scores=np.zeros((2, 3)),
        boxes=np.zeros((2, 4)),
        box_scores=np.zeros(2),
        track_ids=np.zeros(2),
    )
    People.create(**given)
    with pytest.raises((ValueError, IndexError)):
        People.create(**{**given, name: wrong})


def test_direct_construction_names_the_shapes():
    with pytest.raises(ValueError, match=r"boxes \(1, 4\)"):
        People(np.zeros((2, 3, 2)), np.zeros((2, 3)), np.zeros((1, 4)), np.zeros(2), np.zeros(2))


def test_indexing_and_cat():
    poses = random_poses(4, seed=1)
    assert_same(poses[np.array([True, False, True, False])], poses[np.array([0, 2])])
    assert_same(poses[1:3], poses[np.array([1, 2])])
    assert_same(People.cat([poses[:1], poses[1:]]), poses)
    assert_same(People.cat([poses[:0], poses, poses[:0]]), poses)
    assert len(poses[np.zeros(4, bool)]) == 0
    np.testing.assert_array_equal(poses[np.array([3, 0])].boxes, poses.boxes[[3, 0]])


def test_empty():
    poses = People.empty(17)
    assert len(poses) == 0
    assert poses.keypoints.shape == (0, 17, 2)
    assert poses.boxes.shape == (0, 4)
    assert poses.pose_scores.shape == (0,)


def test_replace_leaves_the_original():
    poses = random_poses(2, seed=1)
    other = poses.replace(track_ids=np.array([4, 5]))
    np.testing.assert_array_equal(other.track_ids, [4, 5])
    np.testing.assert_array_equal(poses.track_ids, [-1, -1])
    assert other.keypoints is poses.keypoints


@pytest.mark.parametrize("num_people", [0, 1, 3])
def test_round_trip_with_instances(num_people):
    poses = random_poses(num_people, seed=2).replace(track_ids=np.arange(num_people))
    instances = poses.to_instances()
    assert len(instances) == num_people
    np.testing.assert_array_equal(instances.keypoints_visible, poses.keypoint_scores)
    assert_same(People.from_instances(instances), poses)


def test_from_tensors_without_ids():
    poses = random_poses(2, seed=3)
    instances = InstanceData(
        keypoints=torch.from_numpy(poses.keypoints).requires_grad_(),
        keypoint_scores=torch.from_numpy(poses.keypoint_scores),
        bboxes=torch.from_numpy(poses.boxes),
        bbox_scores=torch.from_numpy(poses.box_scores),
    )
    assert_same(People.from_instances(instances), poses)


def test_pose_scores_by_hand():
    poses = People.create(
        keypoints=np.zeros((3, 3, 2)),
        keypoint_scores=[[0.5, 1.0, 0.0], [0.2, 0.2, 0.2], [0.0, -1.0, 0.0]],
        box_scores=[0.5, 1.0, 1.0],
    )
    # (0.5 + 1.0) / 2 * 0.5; 0.2; nobody there
    np.testing.assert_allclose(poses.pose_scores, [0.375, 0.2, 0.0], atol=1e-7)


@pytest.mark.parametrize("score", [0.1, 0.3, 0.7, 0.9])
def test_a_pose_of_equal_joints_scores_as_its_joints(score):
    """The sum over 17 joints must not push it below a threshold of the same number."""
    poses = People.create(keypoints=np.zeros((1, 17, 2)), keypoint_scores=np.full((1, 17), score))
    assert poses.pose_scores.dtype == np.float32
    assert poses.pose_scores[0] == np.float32(score)
    assert (poses.pose_scores >= score).all()


def test_enclosing_boxes():
    keypoints = np.array([[[1, 9], [4, 2], [100, 100]], [[1, 1], [2, 2], [3, 3]]])
    present = np.array([[True, True, False], [False, False, False]])
    boxes = enclosing_boxes(keypoints, present)
    np.testing.assert_array_equal(boxes, [[1, 2, 4, 9], [0, 0, 0, 0]])
    assert boxes.dtype == np.float32
    assert enclosing_boxes(np.zeros((0, 17, 2)), np.zeros((0, 17), bool)).shape == (0, 4)
