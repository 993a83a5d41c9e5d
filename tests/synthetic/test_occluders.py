"""Foreground objects and clothes."""

import numpy as np
import pytest

from mmpose_temporal.synthetic.appearance import sample_outfit
from mmpose_temporal.synthetic.camera import sample_camera
from mmpose_temporal.synthetic.occluders import KINDS, make_occluder
from mmpose_temporal.synthetic.raster import Raster
from mmpose_temporal.synthetic.textures import COLUMNS, PATTERNS, ROWS, cloth


@pytest.mark.parametrize("kind", KINDS)
def test_an_occluder_stands_on_its_foot(kind):
    rng = np.random.default_rng(0)
    camera = sample_camera(rng, width=320, height=240, seconds=np.zeros(1), still=True)
    thing = make_occluder(rng, kind, (0.0, 5.0), camera.focal / 5.0)
    raster = Raster(np.full((240, 320, 3), 128, np.float32))
    thing.draw(raster, camera, 0, order=9)
    rows, columns = np.nonzero(raster.order == 9)
    assert len(rows) > 200
    foot = camera.project(np.array([0.0, 0.0, 5.0]), 0)
    scale = camera.focal / 5.0
    assert abs(rows.max() - foot[1]) < 0.06 * scale * thing.size[1] + 2
    assert np.ptp(columns) <= thing.size[0] * scale + 2
    assert np.isfinite(raster.picture).all()


def test_unknown_kind():
    with pytest.raises(ValueError, match="unknown occluder"):
        make_occluder(np.random.default_rng(0), "whale", (0.0, 5.0), 50)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_cloth(pattern):
    base, second = np.array([20.0, 60, 200]), np.array([200.0, 150, 10])
    texture = cloth(np.random.default_rng(0), pattern, base, second)
    assert texture.shape == (ROWS, COLUMNS, 3) and texture.dtype == np.float32
    near_second = np.abs(texture - second).sum(axis=-1) < 80
    assert near_second.any() == (pattern != "plain")


def test_unknown_pattern():
    with pytest.raises(ValueError, match="unknown pattern"):
        cloth(np.random.default_rng(0), "tartan", np.zeros(3), np.zeros(3))


def test_a_uniform_shares_the_clothes_and_not_the_head():
    rng = np.random.default_rng(0)
    first = sample_outfit(rng)
    second = sample_outfit(rng, uniform=first)
    assert second.top is first.top and second.trousers is first.trousers
    assert not np.array_equal(second.head, first.head)
