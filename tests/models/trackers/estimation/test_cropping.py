import numpy as np
import pytest
from mmpose.codecs import MSRAHeatmap, UDPHeatmap
from mmpose.datasets.transforms import GetBBoxCenterScale, TopdownAffine
from mmpose.registry import TASK_UTILS

from mmpose_temporal.models.trackers import TopdownCropper

SIZE = (48, 64)


def codec(kind=MSRAHeatmap):
    return kind(input_size=SIZE, heatmap_size=(12, 16), sigma=1)


def dots(*places, size=(120, 100)) -> np.ndarray:
    """A black image with white pixels at (x, y)."""
    image = np.zeros((size[1], size[0], 3), np.uint8)
    for x, y in places:
        image[y, x] = 255
    return image


def white(crop: np.ndarray) -> list[tuple[int, int]]:
    ys, xs = np.nonzero((crop == 255).all(-1))
    return sorted(zip(xs.tolist(), ys.tolist(), strict=True))


@pytest.mark.parametrize("use_udp", [False, True])
@pytest.mark.parametrize("padding", [1.0, 1.25])
def test_equal_to_mmposes_pipeline(use_udp, padding):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (100, 120, 3), dtype=np.uint8)
    low = rng.uniform(-30, 100, (30, 2))  # many reach over the border, some lie outside
    boxes = np.concatenate([low, low + rng.uniform(1, 80, (30, 2))], axis=1).astype(np.float32)
    crops = TopdownCropper(input_size=SIZE, padding=padding, use_udp=use_udp)(image, boxes)
    assert crops.images.shape == (30, 64, 48, 3)
    assert crops.images.dtype == np.uint8
    assert crops.centers.dtype == crops.scales.dtype == np.float32
    center_scale = GetBBoxCenterScale(padding=padding)
    affine = TopdownAffine(input_size=SIZE, use_udp=use_udp)
    for i in range(30):
        reference = affine(center_scale(dict(img=image, bbox=boxes[i : i + 1])))
        np.testing.assert_allclose(crops.centers[i], reference["input_center"], atol=1e-3)
        np.testing.assert_allclose(crops.scales[i], reference["input_scale"], atol=1e-3)
        np.testing.assert_allclose(crops.images[i], reference["img"], atol=1e-3)
    assert (crops.images.reshape(30, -1).max(1) > 0).sum() > 15


def test_a_box_of_the_crops_size_is_cut_out_as_it_is():
    """Without padding, a 48 x 64 box at (10, 20): pixel (x, y) lands at (x - 10, y - 20)."""
    cropper = TopdownCropper(input_size=SIZE, padding=1.0)
    box = np.array([[10, 20, 58, 84]], np.float32)
    image = np.random.default_rng(0).integers(0, 256, (100, 120, 3), dtype=np.uint8)
    crops = cropper(image, box)
    np.testing.assert_array_equal(crops.images[0], image[20:84, 10:58])
    np.testing.assert_array_equal(crops.centers, [[34, 52]])
    np.testing.assert_array_equal(crops.scales, [[48, 64]])


def test_padding_and_shape_of_the_region():
    cropper = TopdownCropper(input_size=SIZE)
    image = dots()
    boxes = np.array([[10, 10, 40, 50], [0, 0, 60, 8], [0, 0, 6, 80]], np.float32)
    crops = cropper(image, boxes)
    # 30 x 40 is 3 : 4 as the crop, and 1.25 times larger; a wide one grows in height
    # (60 * 1.25 = 75, 75 * 4 / 3 = 100), a tall one in width (80 * 1.25 = 100, 100 * 3 / 4 = 75).
    np.testing.assert_allclose(crops.scales, [[37.5, 50], [75, 100], [75, 100]], rtol=1e-6)
    np.testing.assert_allclose(crops.centers, [[25, 30], [30, 4], [3, 40]], rtol=1e-6)


def test_where_a_pixel_lands():
    """Region 24 x 32 around (22, 36), twice enlarged: (x - 22) * 2 + 24, (y - 36) * 2 + 32."""
    cropper = TopdownCropper(input_size=SIZE, padding=1.0)
    crops = cropper(dots((20, 30), (30, 45)), np.array([[10, 20, 34, 52]], np.float32))
    assert white(crops.images[0]) == [(20, 20), (40, 50)]


def test_where_a_pixel_lands_with_the_default_padding():
    """A 38.4 x 51.2 box padded by 1.25 is 48 x 64 around (50, 50): (x - 26, y - 18)."""
    box = np.array([[50 - 19.2, 50 - 25.6, 50 + 19.2, 50 + 25.6]], np.float32)
    crops = TopdownCropper(input_size=SIZE)(dots((50, 50), (30, 20)), box)
    bright = [(x, y) for y, x in np.argwhere(crops.images[0][..., 0] > 250).tolist()]
    assert sorted(bright) == [(4, 2), (24, 32)]


def test_where_a_pixel_lands_unbiased():
    """With UDP the region's corners are the centres of the crop's corner pixels."""
    cropper = TopdownCropper(input_size=SIZE, padding=1.0, use_udp=True)
    crops = cropper(dots((10, 20), (58, 84)), np.array([[10, 20, 58, 84]], np.float32))
    bright = np.argwhere(crops.images[0][..., 0] > 250).tolist()
    assert bright == [[0, 0], [63, 47]]


def test_beyond_the_border_is_black():
    image = np.full((100, 120, 3), 200, np.uint8)
    cropper = TopdownCropper(input_size=SIZE, padding=1.0)
    crops = cropper(image, np.array([[-24, 0, 24, 64], [300, 300, 348, 364]], np.float32))
    assert (crops.images[0][:, :24] == 0).all()
    assert (crops.images[0][:, 24:] == 200).all()
    assert (crops.images[1] == 0).all()


def test_nobody():
    crops = TopdownCropper(input_size=SIZE)(dots(), np.zeros((0, 4), np.float32))
    assert crops.images.shape == (0, 64, 48, 3)
    assert crops.centers.shape == crops.scales.shape == (0, 2)


def test_the_frame_is_not_changed():
    image = dots((20, 30))
    before = image.copy()
    boxes = np.array([[10, 20, 34, 52]], np.float32)
    TopdownCropper(input_size=SIZE)(image, boxes)
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(boxes, [[10, 20, 34, 52]])


@pytest.mark.parametrize(("kind", "expected"), [(MSRAHeatmap, False), (UDPHeatmap, True)])
def test_size_and_geometry_of_the_codec(kind, expected):
    cropper = TASK_UTILS.build(dict(type="TopdownCropper", decoder=codec(kind)))
    assert cropper.input_size == SIZE
    assert cropper.affine.use_udp is expected
    for use_udp in (False, True):
        assert TopdownCropper(decoder=codec(kind), use_udp=use_udp).affine.use_udp is use_udp


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(), "states no input_size: give the cropper one"),
        (dict(decoder=object()), "states no input_size: give the cropper one"),
        (dict(decoder=codec(), input_size=(64, 64)), r"\(64, 64\) is not the estimator's codec's"),
        (dict(input_size=SIZE, padding=0), "padding must be positive"),
    ],
)
def test_options_that_do_not_fit(options, message):
    with pytest.raises(ValueError, match=message):
        TopdownCropper(**options)


def test_a_frame_need_not_be_contiguous():
    image = np.random.default_rng(0).integers(0, 256, (100, 240, 3), dtype=np.uint8)[:, ::2]
    crops = TopdownCropper(input_size=SIZE, padding=1.0)(
        image, np.array([[10, 20, 58, 84]], np.float32)
    )
    np.testing.assert_array_equal(crops.images[0], image[20:84, 10:58])
