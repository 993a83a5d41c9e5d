import numpy as np
import pytest

from mmpose_temporal.mmpose_files.instances import read_instances
from mmpose_temporal.testing import mmpose_instance as instance

NAN, INF = float("nan"), float("inf")


def read(*items):
    return read_instances(list(items), 2, "a.json, frame 3")


def test_an_instance_as_mmpose_writes_it():
    (person,) = read(instance(100))
    np.testing.assert_array_equal(person.keypoints, [[100, 10, 1], [120, 10, 1]])
    np.testing.assert_allclose(person.keypoint_scores, [0.9, 0.8])
    np.testing.assert_array_equal(person.box, [95, 0, 125, 20])
    assert person.score == 0.7 and person.track_id == -1
    assert np.isnan(person.head_box).all()


def test_a_joint_in_the_corner_of_the_image_is_there():
    (person,) = read(instance(keypoints=[[0, 0], [20, 10]]))
    assert person.keypoints[0].tolist() == [0, 0, 1]


def test_a_plain_box_and_fields_that_are_not_there():
    plain, bare = read(instance(bbox=[1, 2, 3, 4]), dict(keypoints=[[0, 0], [20, 10]]))
    assert plain.box.tolist() == [1, 2, 3, 4]
    assert bare.keypoint_scores.tolist() == [1, 1] and bare.score == 1
    assert bare.box.tolist() == [-3, -1.5, 23, 11.5]  # of the joints, 15 % larger on each side


@pytest.mark.parametrize("broken", [NAN, INF, -INF])
def test_joints_and_boxes_that_are_no_numbers_are_absent(broken):
    place, score = (
        instance(keypoints=[[broken, 5], [20, 10]]),
        instance(keypoint_scores=[0.9, broken]),
    )
    first, second, third = read(place, score, instance(bbox=[[0, 0, broken, 9]]))
    assert first.keypoints.tolist() == [[0, 0, 0], [20, 10, 1]]
    assert first.keypoint_scores.tolist() == pytest.approx([0, 0.8])
    assert second.keypoints[1].tolist() == [0, 0, 0]
    assert third.box.tolist() == [-3, 10, 23, 10]


@pytest.mark.parametrize(
    ("item", "error"),
    [
        (5, "must be a record, got 5"),
        (None, "must be a record, got None"),
        (instance(keypoints=None), "'keypoints' is missing"),
        (instance(keypoints=7), "'keypoints' must be a list of pairs x, y, got 7"),
        (instance(keypoints=[1, 2, 3, 4]), "'keypoints' must be a list of pairs x, y"),
        (instance(keypoints=[[1, 2]]), "'keypoints' holds 1 keypoints, not the 2"),
        (instance(keypoints=[[1, 2], [3]]), "'keypoints' must be a list of pairs"),
        (
            instance(keypoints=[[1, 2, 3], [4, 5, 6]]),
            "'keypoints' must be pairs x, y; poses in",
        ),
        (instance(keypoints=[[1, 2], [3, "4"]]), "'keypoints' must be a list of numbers"),
        (instance(keypoints=[[1, 2], [3, True]]), "'keypoints' must be a list of numbers"),
        (instance(keypoints=[[1, 2], [3, [4]]]), "'keypoints' must be a list of numbers"),
        (instance(keypoints=[[1, 2], [3, 1e9]]), "'keypoints' holds 1000000000.0, a number that"),
        (instance(keypoints=[[1, 2], [3, 10**400]]), "'keypoints' holds .* too large"),
        (instance(keypoint_scores=0.5), "'keypoint_scores' must be a list of numbers, got 0.5"),
        (instance(keypoint_scores=[0.5]), "'keypoint_scores' must hold 2 numbers, found 1"),
        (instance(keypoint_scores=[0.5, None]), "'keypoint_scores' must be a list of numbers"),
        (instance(bbox=[[1, 2, 3]]), "'bbox' must hold 4 numbers, found 3"),
        (instance(bbox=[[1, 2, 3, 4]] * 2), "'bbox' must be a list of numbers"),
        (instance(bbox="box"), "'bbox' must be a list of numbers, got 'box'"),
        (instance(bbox=[[5, 2, 3, 4]]), "'bbox' must be x1, y1, x2, y2 with x1 <= x2"),
        (instance(bbox_score=NAN), "'bbox_score' holds NaN or infinity"),
        (instance(bbox_score="high"), "'bbox_score' must be a number, got 'high'"),
        (instance(bbox_score=[0.5, 0.6]), "'bbox_score' must be a number"),
    ],
)
def test_fields_that_are_wrong(item, error):
    with pytest.raises(ValueError, match=rf"^a\.json, frame 3, instance 1: {error}") as found:
        read(instance(), item)
    assert "\n" not in str(found.value)


def test_lists_that_are_wrong():
    assert read() == []
    with pytest.raises(ValueError, match=r"^a\.json, frame 3: 'instances' must be a list, got 5"):
        read_instances(5, 2, "a.json, frame 3")
    with pytest.raises(ValueError, match="1001 people, more than 1000"):
        read(*[instance()] * 1001)
