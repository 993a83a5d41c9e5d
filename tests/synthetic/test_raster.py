"""Tubes, shadows and sprites on a picture."""

import numpy as np
import pytest

from mmpose_temporal.synthetic.raster import Raster
from mmpose_temporal.synthetic.tubes import PROFILE, Tube


def _tube(start, end, width, **changes):
    values = {
        "start": np.array(start, float),
        "end": np.array(end, float),
        "profile": np.full(PROFILE, width, np.float32),
        "caps": np.array([width, width], float),
        "azimuth": 0.0,
        "texture": np.full((1, 1, 3), 100, np.float32),
        "light": 1.0,
    }
    return Tube(**{**values, **changes})


def _raster(height=60, width=60):
    return Raster(np.zeros((height, width, 3), np.float32))


def test_a_capsule_covers_its_area():
    raster = _raster()
    raster.tube(_tube((15.5, 30.5), (45.5, 30.5), 8.0), order=4)
    # Rectangle 30 x 16 and a circle of radius 8: 480 + 64 pi = 681.
    assert (raster.order == 4).sum() == pytest.approx(681, rel=0.03)
    assert set(np.unique(raster.order)) == {0, 4}
    assert raster.order[30, 8] == 4 and raster.order[30, 5] == 0
    assert (raster.picture[raster.order == 4].min(axis=1) > 0).all()


def test_edges_are_smooth_and_the_surface_is_shaded():
    raster = _raster()
    raster.tube(_tube((30.0, 10.0), (30.0, 50.0), 10.25), order=1)
    line = raster.picture[30, :, 0]
    # The outline at x = 40.25 covers three quarters of pixel 40 and nothing of pixel 41.
    assert 0 < line[40] < line[39] and line[41] == 0
    assert line[20:30].mean() > line[31:41].mean() + 10  # lit from the left


def test_the_texture_turns_with_the_azimuth():
    texture = np.zeros((1, 4, 3), np.float32)
    texture[0, :, :] = np.array([10, 60, 120, 200])[:, None]  # back, right, front, left
    front, back = _raster(), _raster()
    front.tube(_tube((30, 10), (30, 50), 10, texture=np.repeat(texture, 4, 0), azimuth=0.1), 1)
    back.tube(
        _tube((30, 10), (30, 50), 10, texture=np.repeat(texture, 4, 0), azimuth=np.pi + 0.1), 1
    )
    assert front.picture[30, 30, 0] > 5 * back.picture[30, 30, 0]


def test_outside_and_tiny_parts_are_no_error():
    raster = _raster()
    raster.tube(_tube((-50, -50), (-40, -40), 5), order=1)
    raster.tube(_tube((20, 20), (20, 20), 0.35), order=2)
    raster.shadow(np.array([500.0, 500.0]), (5, 5), 0.5)
    raster.paste(np.ones((4, 4, 3), np.float32), np.ones((4, 4), np.float32), (100, 0), 3)
    assert set(np.unique(raster.order)) <= {0, 2}


def test_paste_is_clipped_and_blends():
    raster = _raster()
    raster.picture[:] = 100
    raster.paste(
        np.full((4, 4, 3), 200, np.float32), np.full((4, 4), 0.25, np.float32), (-2, -2), 7
    )
    np.testing.assert_allclose(raster.picture[:2, :2], 125)  # 100 + 0.25 * (200 - 100)
    assert raster.picture[2, 2, 0] == 100
    assert not raster.order.any()  # a quarter of cover does not count as seen
    raster.paste(np.zeros((4, 4, 3), np.float32), np.ones((4, 4), np.float32), (58, 58), 7)
    assert (raster.order == 7).sum() == 4


def test_shadow_darkens_its_middle_most():
    raster = _raster()
    raster.picture[:] = 200
    raster.shadow(np.array([30.0, 30.0]), (10, 5), 0.5)
    assert raster.picture[30, 30, 0] == pytest.approx(100)
    assert raster.picture[30, 50, 0] > 180
    assert raster.picture[0, 0, 0] == 200
