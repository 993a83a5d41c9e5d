"""Plans become paths, and paths become moving bodies."""

import numpy as np
import pytest

from mmpose_temporal.synthetic.actions import ACTIVITIES, Style
from mmpose_temporal.synthetic.motion import Plan, Segment, animate
from mmpose_temporal.synthetic.skeleton import JOINT_INDEX, sample_body

STYLE = Style(amplitude=1.0, arm_swing=1.0, tempo=1.0, phase=0.0, side="r")
RIGHT = np.pi / 2


def _segment(**changes):
    return Segment(**{"duration": 2.0, "activity": "walk", "speed": 1.0, "yaw": RIGHT, **changes})


def test_a_straight_walk_covers_speed_times_time():
    path = Plan(start=(-1.0, 5.0), segments=(_segment(),)).path(np.array([0.0, 1.0, 2.0]))
    np.testing.assert_allclose(path["ground"], [[-1, 5], [0, 5], [1, 5]], atol=0.03)
    np.testing.assert_allclose(path["walked"] - path["walked"][0], [0, 1, 2], atol=0.03)
    np.testing.assert_allclose(path["yaw"], RIGHT)


def test_the_last_segment_goes_on():
    path = Plan(start=(0.0, 5.0), segments=(_segment(duration=0.5),)).path(np.array([4.0]))
    assert path["ground"][0, 0] == pytest.approx(4.0, abs=0.05)


def test_activities_blend():
    plan = Plan(start=(0.0, 5.0), segments=(_segment(), _segment(activity="wave", speed=0.0)))
    weights = plan.path(np.array([1.0, 2.0, 3.5]))["weights"]
    walk, wave = ACTIVITIES.index("walk"), ACTIVITIES.index("wave")
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    assert weights[0, walk] == pytest.approx(1.0)
    assert weights[1, walk] == pytest.approx(0.5, abs=0.1)
    assert weights[2, wave] == pytest.approx(1.0)


def test_a_turn_in_the_plan_swaps_the_sides():
    body = sample_body(np.random.default_rng(0))
    away = _segment(duration=1.0, activity="stand", speed=0.0, yaw=0.0)
    back = _segment(duration=1.0, activity="stand", speed=0.0, yaw=np.pi)
    joints, facing = animate(
        body, STYLE, Plan(start=(0.0, 5.0), segments=(away, back)), np.array([0.2, 1.9])
    )
    left, right = JOINT_INDEX["left_shoulder"], JOINT_INDEX["right_shoulder"]
    assert joints[0, left, 0] < joints[0, right, 0]
    assert joints[1, left, 0] > joints[1, right, 0]
    np.testing.assert_allclose(facing[:, 0], [0, np.pi], atol=0.1)


def test_limbs_keep_their_length_while_actions_change():
    body = sample_body(np.random.default_rng(1))
    segments = tuple(
        _segment(duration=0.4, activity=name, speed=1.2 * (name in ("walk", "run")), yaw=0.8 * i)
        for i, name in enumerate(ACTIVITIES)
    )
    joints, _ = animate(
        body, STYLE, Plan(start=(0.0, 5.0), segments=segments), np.linspace(0, 4, 200)
    )
    for side in ("left", "right"):
        knee, ankle = (
            joints[:, JOINT_INDEX[f"{side}_knee"]],
            joints[:, JOINT_INDEX[f"{side}_ankle"]],
        )
        np.testing.assert_allclose(np.linalg.norm(knee - ankle, axis=1), body.shank, rtol=1e-9)
        elbow, wrist = (
            joints[:, JOINT_INDEX[f"{side}_elbow"]],
            joints[:, JOINT_INDEX[f"{side}_wrist"]],
        )
        np.testing.assert_allclose(np.linalg.norm(elbow - wrist, axis=1), body.forearm, rtol=1e-9)
    # Nothing jumps: 20 ms apart, no joint moves by more than 25 cm (12.5 m/s).
    assert np.linalg.norm(np.diff(joints, axis=0), axis=-1).max() < 0.25


def test_the_standing_foot_hardly_slides():
    body = sample_body(np.random.default_rng(2))
    times = np.linspace(1, 4, 301)
    joints, _ = animate(
        body, STYLE, Plan(start=(0.0, 5.0), segments=(_segment(duration=9),)), times
    )
    heels = joints[:, [JOINT_INDEX["left_ankle"], JOINT_INDEX["right_ankle"]]]
    lower = heels[..., 1].argmin(axis=1)
    speed = np.diff(heels[:, :, 0], axis=0) / 0.01
    standing = speed[np.arange(300), lower[1:]]
    assert abs(np.median(standing)) < 0.45  # the body itself moves at 1 m/s


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"activity": "fly"}, "unknown activity"),
        ({"duration": 0.0}, "duration"),
        ({"speed": -1.0}, "speed"),
    ],
)
def test_bad_segments(changes, text):
    with pytest.raises(ValueError, match=text):
        _segment(**changes)


def test_an_empty_plan_is_refused():
    with pytest.raises(ValueError, match="at least one segment"):
        Plan(start=(0.0, 5.0), segments=())
