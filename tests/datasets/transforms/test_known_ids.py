"""Two annotated people, 30 x 40 (so 50 along the diagonal), with four joints each."""

import numpy as np
import pytest

from mmpose_temporal.datasets import MatchKnownIds
from mmpose_temporal.structures import People

JOINTS = [5, 6, 11, 12]
SHAPE = np.array([[0, 0], [30, 0], [0, 40], [30, 40]], np.float32)


def people(*corners: tuple[float, float]) -> np.ndarray:
    keypoints = np.zeros((len(corners), 17, 2), np.float32)
    keypoints[:, JOINTS] = SHAPE + np.reshape(corners, (-1, 1, 2))
    return keypoints


def item(poses: np.ndarray, known: list[int] | None = None, absent: list[int] = ()) -> dict:
    """People 7 at (0, 0) and 8 at (100, 0)."""
    scores = np.zeros(poses.shape[:2], np.float32)
    scores[:, JOINTS] = 0.9
    scores[:, list(absent)] = 0
    visible = np.zeros((2, 17), np.float32)
    visible[:, JOINTS] = 1
    return dict(
        keypoints=people((0, 0), (100, 0)),
        keypoints_visible=visible,
        bboxes=np.array([[0, 0, 30, 40], [100, 0, 130, 40]], np.float32),
        track_ids=np.array([7, 8]),
        frame_poses=People.create(keypoints=poses, keypoint_scores=scores),
        known_ids=np.full(len(poses), -1) if known is None else np.array(known),
    )


def ids(results: dict, **options) -> list[int]:
    return MatchKnownIds(**options).transform(results)["known_ids"].tolist()


def test_poses_get_the_ids_of_the_people_they_lie_on():
    assert ids(item(people((103, 4), (0, 0)))) == [8, 7]  # 5 pixels off, the limit of 0.1 x 50
    assert ids(item(people((103, 5), (0, 0)))) == [-1, 7]
    assert ids(
        item(
            people((103, 5), (0, 0)),
        ),
        radius=0.2,
    ) == [8, 7]


def test_one_pose_for_each_person():
    assert ids(item(people((2, 0), (0, 0), (300, 0)))) == [7, -1, -1]  # of equals the first
    better = people((2, 0), (0, 0))
    better[0, 5] += 50  # three of four joints against four
    assert ids(item(better)) == [-1, 7]


def test_share_of_the_joints_counts():
    assert ids(item(people((0, 0)), absent=[5, 6])) == [7]  # 2 of 4 joints
    assert ids(item(people((0, 0)), absent=[5, 6, 11])) == [-1]
    assert ids(item(people((0, 0)), absent=[5, 6, 11]), min_share=0.25) == [7]


def test_known_ids_stay():
    results = item(people((0, 0), (100, 0)), known=[8, 7])
    assert MatchKnownIds().transform(results) is results
    assert ids(item(people((0, 0), (100, 0)), known=[8, -1])) == [8, -1]  # 8 is taken
    assert ids(item(people((0, 0), (100, 0)), known=[7, -1])) == [7, 8]


def test_nobody():
    assert ids(item(people())) == []
    empty = item(people((0, 0)))
    for name in ("keypoints", "keypoints_visible", "bboxes", "track_ids"):
        empty[name] = empty[name][:0]
    assert ids(empty) == [-1]


def test_what_was_given_is_not_changed():
    results = item(people((0, 0)))
    assert ids(results) == [7]
    assert results["known_ids"].tolist() == [-1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(radius=0), "radius must be positive"),
        (dict(min_share=0), "min_share must be in"),
        (dict(min_share=1.1), "min_share must be in"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        MatchKnownIds(**options)
