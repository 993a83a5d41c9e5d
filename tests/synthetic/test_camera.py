"""Projection by hand, and the map between canvas and frame."""

import numpy as np
import pytest

from mmpose_temporal.synthetic.camera import Camera, sample_camera


def _camera(**changes):
    values = {
        "width": 101,
        "height_px": 81,
        "focal": 100.0,
        "height": 1.5,
        "horizon": 30.0,
        "shift": np.zeros((1, 2)),
        "zoom": np.ones(1),
    }
    return Camera(**{**values, **changes})


def test_projection_by_hand():
    # Centre (50, 40). X=1, Z=5: 50 + 100/5 = 70. Ground Y=0: 30 + 100 * 1.5 / 5 = 60.
    pixel = _camera().project(np.array([1.0, 0.0, 5.0]), 0)
    np.testing.assert_allclose(pixel, [70, 60])
    # A point at the height of the camera lies on the horizon at any depth.
    points = np.array([[0.0, 1.5, 2.0], [0.0, 1.5, 50.0]])
    np.testing.assert_allclose(_camera().project(points, 0)[:, 1], 30)


def test_pan_and_zoom_by_hand():
    # Base (70, 60); pan (10, 0): offset (70-50-10, 60-40) = (10, 20); zoom 2: (70, 80).
    camera = _camera(shift=np.array([[10.0, 0.0]]), zoom=np.array([2.0]))
    np.testing.assert_allclose(camera.project(np.array([1.0, 0.0, 5.0]), 0), [70, 80])
    assert camera.scale(np.array(5.0), 0) == pytest.approx(40)  # 100 * 2 / 5 pixels per metre
    points = np.random.default_rng(0).uniform(0, 80, (9, 2))
    np.testing.assert_allclose(camera.base_to_frame(camera.frame_to_base(points, 0), 0), points)


def test_half_width():
    assert _camera().half_width(5.0) == pytest.approx(0.5 * 101 / 100 * 5)


def test_canvas_holds_every_frame():
    camera = sample_camera(
        np.random.default_rng(3), width=200, height=150, seconds=np.arange(40) / 15, still=False
    )
    left, top, right, bottom = camera.canvas_bounds()
    for instant in range(40):
        corners = camera.frame_to_base(np.array([[0, 0], [199, 149]]), instant)
        assert (corners >= [left, top]).all() and (corners <= [right, bottom]).all()


def test_a_still_camera_stays():
    camera = sample_camera(
        np.random.default_rng(0), width=200, height=150, seconds=np.arange(5) / 15, still=True
    )
    assert not camera.shift.any() and (camera.zoom == 1).all()


def test_a_short_video_pans_little():
    for seed in range(10):
        seconds = np.arange(3) / 15
        camera = sample_camera(
            np.random.default_rng(seed), width=300, height=200, seconds=seconds, still=False
        )
        # 2 / 15 s is a 15th of the two seconds of a full pan: 2 * 0.3 * 300 / 15 = 12 pixels,
        # and a few of the shake.
        assert np.ptp(camera.shift[:, 0]) < 16
