"""Forward kinematics: lengths, sides and feet on the ground."""

import numpy as np
import pytest

from mmpose_temporal.structures.posetrack_layout import KEYPOINT_NAMES
from mmpose_temporal.synthetic.skeleton import (
    ANGLE_INDEX,
    ANGLE_NAMES,
    JOINT_INDEX,
    JOINT_NAMES,
    forward_kinematics,
    sample_body,
)

LIMBS = {
    "thigh": ("hip", "knee"),
    "shank": ("knee", "ankle"),
    "upper_arm": ("shoulder", "elbow"),
    "forearm": ("elbow", "wrist"),
    "hand": ("wrist", "hand"),
}


def _length(joints, first, second):
    return np.linalg.norm(joints[:, JOINT_INDEX[first]] - joints[:, JOINT_INDEX[second]], axis=1)


@pytest.fixture
def body():
    return sample_body(np.random.default_rng(0))


def test_layout_comes_first():
    assert JOINT_NAMES[:17] == tuple(KEYPOINT_NAMES)


def test_limb_lengths_hold_in_any_pose(body):
    rng = np.random.default_rng(1)
    angles = rng.uniform(-1.2, 1.8, (50, len(ANGLE_NAMES)))
    angles[:, [ANGLE_INDEX["elbow_up_l"], ANGLE_INDEX["elbow_up_r"]]] = rng.uniform(0, 1, (50, 2))
    joints = forward_kinematics(body, angles, rng.uniform(-3, 3, (50, 2)), rng.uniform(-4, 4, 50))
    for size, (first, second) in LIMBS.items():
        for side in ("left", "right"):
            lengths = _length(joints, f"{side}_{first}", f"{side}_{second}")
            np.testing.assert_allclose(lengths, getattr(body, size), rtol=1e-9)
    np.testing.assert_allclose(_length(joints, "left_hip", "right_hip"), 2 * body.hip_half)
    np.testing.assert_allclose(
        _length(joints, "left_shoulder", "right_shoulder"), 2 * body.shoulder_half
    )
    np.testing.assert_allclose(_length(joints, "head_bottom", "head_top"), body.head)


def test_upright_body_by_hand(body):
    joints = forward_kinematics(
        body, np.zeros((1, len(ANGLE_NAMES))), np.array([[2.0, 5.0]]), np.zeros(1)
    )[0]
    hip, knee = joints[JOINT_INDEX["left_hip"]], joints[JOINT_INDEX["left_knee"]]
    assert hip[1] == pytest.approx(body.thigh + body.shank + body.ankle_height)
    assert knee[1] == pytest.approx(body.shank + body.ankle_height)
    # Yaw 0 walks away from the camera, so the left side is at smaller X.
    np.testing.assert_allclose(hip[[0, 2]], [2.0 - body.hip_half, 5.0])
    assert joints[JOINT_INDEX["nose"], 2] == pytest.approx(5.0 + 0.42 * body.head)


@pytest.mark.parametrize("part", ["shoulder", "hip", "ear", "ankle"])
def test_left_and_right_swap_when_turning(body, part):
    yaw = np.array([0.0, np.pi / 2, np.pi])
    joints = forward_kinematics(body, np.zeros((3, len(ANGLE_NAMES))), np.zeros((3, 2)), yaw)
    gap = joints[:, JOINT_INDEX[f"left_{part}"]] - joints[:, JOINT_INDEX[f"right_{part}"]]
    assert gap[0, 0] < -0.05  # seen from behind: left is left
    assert abs(gap[1, 0]) < 1e-9 and gap[1, 2] > 0.05  # walks right: the left side is farther
    assert gap[2, 0] > 0.05  # seen from the front: left is right


def test_lowest_foot_stands_at_the_lift(body):
    rng = np.random.default_rng(2)
    angles = rng.uniform(-0.6, 0.6, (20, len(ANGLE_NAMES)))
    angles[:, ANGLE_INDEX["lift"]] = np.linspace(0, 0.3, 20)
    joints = forward_kinematics(body, angles, np.zeros((20, 2)), np.zeros(20))
    feet = [JOINT_INDEX[f"{s}_{p}"] for s in ("left", "right") for p in ("heel", "toe")]
    np.testing.assert_allclose(joints[:, feet, 1].min(axis=1), np.linspace(0, 0.3, 20), atol=1e-12)


def test_shapes_are_checked(body):
    with pytest.raises(ValueError, match="expected angles"):
        forward_kinematics(body, np.zeros((2, 3)), np.zeros((2, 2)), np.zeros(2))


def test_builds_differ():
    rng = np.random.default_rng(3)
    bodies = [sample_body(rng) for _ in range(200)]
    heights = np.array([body.height for body in bodies])
    assert 1.1 <= heights.min() < 1.4 < 1.8 < heights.max() < 2.0
    assert np.ptp([body.girth for body in bodies]) > 0.3
