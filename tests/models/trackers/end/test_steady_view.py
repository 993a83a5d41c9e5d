"""People of three joints whose steps are counted by hand."""

import numpy as np

from mmpose_temporal.models.trackers.end.steady_view import SteadyView
from mmpose_temporal.structures import People


def frame(places: dict[int, tuple[float, float]], absent: dict[int, int] | None = None) -> People:
    """People at these places by id; so many of their four joints are absent."""
    joints = np.array([[0, 0], [10, 0], [0, 20], [10, 20]])
    scores = np.ones((len(places), 4), np.float32)
    for row, track in enumerate(places):
        scores[row, : (absent or {}).get(track, 0)] = 0
    keypoints = np.array(list(places.values())).reshape(-1, 1, 2) + joints
    return People.create(
        keypoints=keypoints, keypoint_scores=scores, track_ids=np.array([*places], np.int64)
    )


def after(*frames: People) -> list[float]:
    view = SteadyView()
    for people in frames:
        view.follow(people)
    return view.offset.tolist()


def test_everybody_moves():
    """All by (3, 1): the camera turned."""
    first = frame({0: (0, 0), 1: (50, 0), 2: (90, 9)})
    assert after(first, frame({2: (93, 10), 0: (3, 1), 1: (53, 1)})) == [3, 1]


def test_the_one_who_walks_does_not_count():
    """The median of steps of 3, 3 and 40."""
    first = frame({0: (0, 0), 1: (50, 0), 2: (90, 0)})
    assert after(first, frame({0: (3, 0), 1: (53, 0), 2: (130, 0)})) == [3, 0]


def test_steps_add_up():
    frames = [frame({0: (2.0 * t, 0), 1: (50 + 2.0 * t, t)}) for t in range(4)]
    assert after(*frames) == [6, 1.5]  # the second person goes down by 1 a frame: half of it


def test_one_person_alone_may_have_walked():
    assert after(frame({0: (0, 0)}), frame({0: (9, 0)})) == [0, 0]


def test_people_who_are_not_in_both_frames():
    assert after(frame({0: (0, 0), 1: (9, 0)}), frame({0: (5, 0), 2: (90, 0)})) == [0, 0]
    assert after(frame({}), frame({0: (5, 0), 1: (9, 0)}), frame({})) == [0, 0]


def test_two_joints_are_too_few():
    first, second = {0: (0, 0), 1: (50, 0)}, {0: (4, 0), 1: (54, 0)}
    assert after(frame(first, {0: 1}), frame(second)) == [4, 0]
    assert after(frame(first, {0: 2}), frame(second)) == [0, 0]


def test_steadied_people():
    """Joints and boxes are moved back; what is absent stays at (0, 0)."""
    view = SteadyView()
    view.follow(frame({0: (0, 0), 1: (50, 0)}))
    people = frame({0: (3, 1), 1: (53, 1)})
    people.keypoints[0, 0], people.keypoint_scores[0, 0] = 0, 0
    view.follow(people)
    steady = view.steadied(people)
    assert steady.keypoints[0].tolist() == [[0, 0], [10, 0], [0, 20], [10, 20]]
    assert steady.boxes[1].tolist() == [50, 0, 60, 20]
    assert steady.keypoints.dtype == steady.boxes.dtype == np.float32
    assert people.keypoints[1, 0].tolist() == [53, 1]  # unchanged
