"""Angle tables of the gait and of the actions."""

import numpy as np
import pytest

from mmpose_temporal.synthetic.actions import (
    ON_THE_SPOT,
    Style,
    gait_angles,
    stride_length,
)
from mmpose_temporal.synthetic.skeleton import ANGLE_INDEX, ANGLE_NAMES, sample_body

STYLE = Style(amplitude=1.0, arm_swing=1.0, tempo=1.0, phase=0.0, side="r")


def _column(table, name):
    return table[:, ANGLE_INDEX[name]]


@pytest.mark.parametrize("running", [False, True])
def test_gait_is_periodic_and_its_sides_are_half_a_cycle_apart(running):
    cycles = np.linspace(0, 1, 40, endpoint=False)
    table = gait_angles(cycles, STYLE, running=running)
    np.testing.assert_allclose(gait_angles(cycles + 3, STYLE, running=running), table, atol=1e-9)
    half = gait_angles(cycles + 0.5, STYLE, running=running)
    for name in ("hip", "knee", "ankle", "shoulder", "elbow"):
        np.testing.assert_allclose(
            _column(half, f"{name}_l"), _column(table, f"{name}_r"), atol=1e-9
        )


@pytest.mark.parametrize("running", [False, True])
def test_arms_swing_against_the_legs(running):
    table = gait_angles(np.linspace(0, 1, 40, endpoint=False), STYLE, running=running)
    for side in "lr":
        hip, arm = _column(table, f"hip_{side}"), _column(table, f"shoulder_{side}")
        assert np.corrcoef(hip, arm)[0, 1] == pytest.approx(-1.0)


def test_walking_angles_by_hand():
    # Heel strike of the right leg at cycle 0: hip at 9 + 21 = 30 degrees; half a cycle later
    # 9 - 21 = -12. The knee peaks at 4 + 56 = 60 degrees in swing (73 % of the cycle).
    table = np.rad2deg(gait_angles(np.array([0.0, 0.5, 0.73]), STYLE))
    assert table[0, ANGLE_INDEX["hip_r"]] == pytest.approx(30)
    assert table[1, ANGLE_INDEX["hip_r"]] == pytest.approx(-12)
    assert table[2, ANGLE_INDEX["knee_r"]] == pytest.approx(60, abs=0.1)
    assert (table[:, ANGLE_INDEX["knee_l"]] > 0).all()


def test_stride_covers_what_the_hips_swing():
    body = sample_body(np.random.default_rng(0))
    # One cycle has two steps of leg * (sin 30 + sin 12 degrees).
    expected = 2 * body.leg * (0.5 + 0.2079)
    assert stride_length(body, STYLE) == pytest.approx(expected, rel=1e-3)
    assert stride_length(body, STYLE, running=True) > stride_length(body, STYLE)


@pytest.mark.parametrize("name", sorted(ON_THE_SPOT))
def test_actions_are_finite_and_move(name):
    table = ON_THE_SPOT[name](np.linspace(0, 3, 60), STYLE)
    assert table.shape == (60, len(ANGLE_NAMES))
    assert np.isfinite(table).all()
    assert np.ptp(table, axis=0).max() > 0.01
    for side in "lr":
        assert (_column(table, f"knee_{side}") >= -1e-9).all()


def test_a_jump_leaves_the_ground_and_returns():
    lift = _column(ON_THE_SPOT["jump"](np.linspace(0, 1.1, 111), STYLE), "lift")
    assert lift.max() == pytest.approx(0.3, abs=0.005)
    assert lift[0] == lift[-1] == 0
    assert (lift >= 0).all()
