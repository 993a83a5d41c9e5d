import numpy as np
import pytest

from mmpose_temporal.datasets import BlurStills, JitterStillColors, NoiseStills
from mmpose_temporal.datasets.transforms.still_looks import LUMA, line_kernel

ALL = [JitterStillColors, BlurStills, NoiseStills]


def item(seed=0, image=None):
    if image is None:
        image = np.random.default_rng(3).integers(0, 256, (64, 64, 3), np.uint8)
    return dict(views=[image, image.copy()], rng=np.random.default_rng(seed))


@pytest.mark.parametrize("kind", ALL)
def test_probability_and_views_switch(kind):
    before = item()
    for options, changed in (
        (dict(prob=0), [False, False]),
        (dict(prob=1), [True, True]),
        (dict(prob=1, views="second"), [False, True]),
        (dict(prob=1, views="first"), [True, False]),
    ):
        after = kind(**options).transform(item())["views"]
        both = zip(before["views"], after, strict=True)
        assert [not np.array_equal(a, b) for a, b in both] == changed
        assert all(view.dtype == np.uint8 and view.shape == (64, 64, 3) for view in after)
    with pytest.raises(ValueError, match="prob must be in"):
        kind(prob=-0.1)


@pytest.mark.parametrize("kind", ALL)
def test_each_view_has_numbers_of_its_own_and_the_seed_decides(kind):
    one, two = kind(prob=1).transform(item())["views"]
    assert not np.array_equal(one, two)
    np.testing.assert_array_equal(kind(prob=1).transform(item())["views"], [one, two])
    assert not np.array_equal(kind(prob=1).transform(item(seed=1))["views"][0], one)


def jitter(image, **options):
    off = dict(brightness=0, contrast=0, saturation=0, cast=0)
    kind = JitterStillColors(prob=1, views="first", **(off | options))
    return kind.transform(item(image=image))["views"][0].astype(float)


def test_colors():
    """Two halves: brightness is a factor, contrast keeps the mean, saturation the grey."""
    image = np.full((64, 64, 3), 100, np.uint8)
    image[:, 32:] = (60, 80, 100)
    bright = jitter(image, brightness=0.5)
    factor = bright[0, 0, 0] / 100
    assert 0.5 <= factor <= 1.5
    assert factor != 1
    np.testing.assert_allclose(bright, image * factor, atol=1)
    contrast = jitter(image, contrast=0.5)
    assert (contrast @ LUMA).mean() == pytest.approx((image @ LUMA).mean(), abs=1)
    assert np.ptp(contrast @ LUMA) != pytest.approx(np.ptp(image @ LUMA), abs=1)
    pale = jitter(image, saturation=0.9)
    np.testing.assert_allclose(pale @ LUMA, image @ LUMA, atol=1)
    np.testing.assert_allclose(pale[:, :32], 100, atol=1)
    assert np.ptp(pale[0, 40]) != np.ptp(image[0, 40])
    cast = jitter(image, cast=0.2)
    assert np.ptp(cast[0, 0]) > 0
    np.testing.assert_array_equal(jitter(image), image)


def test_colors_are_cut_off_and_do_not_wrap_around():
    image = np.full((8, 8, 3), 250, np.uint8)
    found = [JitterStillColors(prob=1, brightness=1).transform(item(s, image)) for s in range(20)]
    assert max(f["views"][0].max() for f in found) == 255


def test_a_line():
    """Of 4 pixels along x; turned by 90 degrees it is its transpose; nothing moves."""
    line = line_kernel(4.0, 0.0)
    assert line.shape == (5, 5)
    assert line.sum() == pytest.approx(1)
    np.testing.assert_array_equal(line[[0, 1, 3, 4]], 0)
    assert (line[2] > 0).all()
    np.testing.assert_allclose(line, line[::-1, ::-1], atol=1e-6)
    np.testing.assert_allclose(line_kernel(4.0, np.pi / 2), line.T, atol=1e-6)


@pytest.mark.parametrize("motion_share", [0, 1])
def test_blur_keeps_the_middle_of_a_spot(motion_share):
    image = np.zeros((65, 65, 3), np.uint8)
    image[31:34, 31:34] = 255
    blur = BlurStills(prob=1, motion_share=motion_share, length=(6, 8), sigma=(1, 2))
    view = blur.transform(item(image=image))["views"][0][..., 0].astype(float)
    assert view.max() < 255
    y, x = np.indices(view.shape)
    middle = np.array([(view * x).sum(), (view * y).sum()]) / view.sum()
    np.testing.assert_allclose(middle, 32, atol=0.3)


def test_noise():
    image = np.full((64, 64, 3), 128, np.uint8)
    view = NoiseStills(prob=1, std=(5, 5)).transform(item(image=image))["views"][0].astype(float)
    assert view.std() == pytest.approx(5, rel=0.05)
    assert view.mean() == pytest.approx(128, abs=0.2)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (JitterStillColors, dict(brightness=1.5)),
        (BlurStills, dict(sigma=(0, 1))),
        (BlurStills, dict(length=(3, 2))),
        (BlurStills, dict(motion_share=2)),
        (NoiseStills, dict(std=(0, 3))),
    ],
)
def test_options_out_of_range(kind, options):
    with pytest.raises(ValueError, match=f"{next(iter(options))} must be"):
        kind(**options)
