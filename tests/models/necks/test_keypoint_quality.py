"""Qualities and replaced cells by hand."""

import math
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmpose.registry import KEYPOINT_CODECS

from mmpose_temporal.models.necks import SavedKeypoints, keypoint_quality, replace_keypoints
from mmpose_temporal.models.necks.keypoint_quality import kernel_for


def heatmap(rows) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float32)[None, None]


def test_quality_and_place_without_a_blur():
    """The peak 0.8 is in column 2 of 4 and row 1 of 3."""
    maps = heatmap([[0, 0, 0, 0], [0.1, 0, 0.8, 0], [0, 0, 0, 0]])
    quality, places = keypoint_quality(maps, kernel=1)
    torch.testing.assert_close(quality, torch.tensor([[1.3]]))
    torch.testing.assert_close(places, torch.tensor([[[2.5 / 4, 1.5 / 3]]]))


def test_qualities_are_in_range():
    """Responses beyond [0, 1], and those of a network that diverged."""
    maps = torch.zeros(1, 5, 2, 2)
    maps[0, 0, 1, 1] = 7
    maps[0, 1] = -3
    maps[0, 2] = float("nan")
    maps[0, 3, 0, 1] = float("inf")
    maps[0, 4] = float("-inf")
    quality, places = keypoint_quality(maps, kernel=1)
    assert quality.tolist() == [[1.5, 0.5, 0.5, 1.5, 0.5]]
    assert places.isfinite().all()
    assert places[0, 0].tolist() == [0.75, 0.75]
    for kernel in (3, 11):  # blurred maps stay in range, too
        quality, _ = keypoint_quality(maps, kernel=kernel)
        assert quality.min() >= 0.5 - 1e-5 and quality.max() <= 1.5 + 1e-5
    assert keypoint_quality(torch.ones(1, 1, 4, 3), kernel=5)[0].item() == pytest.approx(1.5)


def test_blur_by_hand():
    """Kernel 3: sigma 0.8, the neighbours' taps are exp(-1 / 1.28) of the middle's."""
    side = math.exp(-1 / 1.28)
    middle = 1 / (1 + 2 * side)
    alone = torch.zeros(1, 1, 5, 5)
    alone[0, 0, 2, 2] = 1
    quality, _ = keypoint_quality(alone, kernel=3)
    assert quality.item() == pytest.approx(0.5 + middle**2)
    corner = torch.zeros(1, 1, 5, 5)
    corner[0, 0, 0, 0] = 1  # and beyond the border it goes on
    quality, places = keypoint_quality(corner, kernel=3)
    assert quality.item() == pytest.approx(0.5 + (middle * (1 + side)) ** 2)
    torch.testing.assert_close(places, torch.full((1, 1, 2), 0.1))


@pytest.mark.parametrize("kernel", [11, 17])
def test_blur_is_opencvs(kernel):
    """(Up to 7 cells OpenCV takes other taps, from a table.)"""
    maps = np.random.default_rng(0).uniform(0, 1, (16, 12)).astype(np.float32)
    blurred = cv2.GaussianBlur(maps + 0.5, (kernel,) * 2, 0, borderType=cv2.BORDER_REPLICATE)
    quality, places = keypoint_quality(torch.from_numpy(maps)[None, None], kernel=kernel)
    assert quality.item() == pytest.approx(blurred.max(), abs=1e-5)
    y, x = np.unravel_index(blurred.argmax(), blurred.shape)
    np.testing.assert_allclose(places[0, 0], [(x + 0.5) / 12, (y + 0.5) / 16], atol=1e-6)


def test_quality_is_single_precision_under_autocast():
    maps = torch.rand(2, 3, 8, 6)
    with torch.autocast("cpu", torch.bfloat16):
        quality, _ = keypoint_quality(maps, kernel=5)
    assert torch.equal(quality, keypoint_quality(maps, kernel=5)[0])
    assert keypoint_quality(maps.half(), kernel=5)[0].dtype == torch.float32


@pytest.mark.parametrize("kernel", [0, -1, 2])
def test_kernels_that_do_not_exist(kernel):
    with pytest.raises(ValueError, match=f"odd and 1 or more cells, got {kernel}"):
        keypoint_quality(torch.zeros(1, 1, 4, 4), kernel=kernel)


def test_the_kernel_of_a_codec():
    sizes = dict(input_size=(48, 64), heatmap_size=(12, 16))
    for kind, own in (("MSRAHeatmap", 11), ("UDPHeatmap", 9)):
        codec = KEYPOINT_CODECS.build(dict(sizes, type=kind, sigma=2, blur_kernel_size=own))
        assert kernel_for(codec) == own and kernel_for(codec, 5) == 5
        with pytest.raises(ValueError, match="odd and 1 or more cells, got 6"):
            kernel_for(codec, 6)
    with pytest.raises(ValueError, match="SimpleNamespace has no blur_kernel_size: give a blur"):
        kernel_for(SimpleNamespace())
    assert kernel_for(SimpleNamespace(), 7) == 7
    codec = KEYPOINT_CODECS.build(dict(sizes, type="MegviiHeatmap", kernel_size=3))
    for kernel in (None, 5):
        with pytest.raises(ValueError, match="MegviiHeatmap's targets have peaks of 255"):
            kernel_for(codec, kernel)


# ---- replacement: 2 x 3 cells, 2 channels; cell (y, x) holds (10 y + x, 100 + 10 y + x)

GOOD, FAIR, BAD = 1.3, 0.9, 0.6
PLACES = {(y, x): [(x + 0.5) / 3, (y + 0.5) / 2] for y in range(2) for x in range(3)}


def drawn() -> torch.Tensor:
    """(1, 2, 2, 2, 3): the crop, and the mirrored crop, whose cells hold 1000 more."""
    cells = torch.tensor([[0.0, 1, 2], [10, 11, 12]])
    crop = torch.stack([cells, cells + 100])
    return torch.stack([crop, crop.flip(-1) + 1000])[None]


def saved_of(**vectors) -> SavedKeypoints:
    """Of three keypoints: k0, k1, k2 -> (side 1, side 2)."""
    there = torch.tensor([[f"k{k}" in vectors for k in range(3)]])
    found = torch.zeros(1, 2, 3, 2)
    for name, sides in vectors.items():
        found[0, :, int(name[1])] = torch.tensor(sides)
    return SavedKeypoints(found, there)


def replaced(quality, cells, saved, maps=None):
    places = torch.tensor([[PLACES[cell] for cell in cells]])
    maps = drawn() if maps is None else maps
    return replace_keypoints(maps, torch.tensor([quality]), places, saved, high=1.1, low=0.7)


def test_a_good_keypoint_is_saved_of_both_sides():
    """Keypoint 0 in the cell (0, 0), which is the mirrored crop's (0, 2)."""
    maps = drawn()
    found, now, rows = replaced([GOOD, FAIR, BAD], [(0, 0), (0, 1), (1, 1)], saved_of(), maps)
    assert found is maps and not rows.any()  # nothing was saved of the bad one
    assert now.there.tolist() == [[True, False, False]]
    assert now.vectors[0, 0].tolist() == [[0, 100], [0, 0], [0, 0]]
    assert now.vectors[0, 1].tolist() == [[1000, 1100], [0, 0], [0, 0]]


def test_a_bad_keypoint_is_replaced_on_both_sides():
    """Keypoint 1 in the cell (1, 0), which is the mirrored crop's (1, 2)."""
    saved = saved_of(k1=([7.0, 8], [70, 80]))
    found, now, rows = replaced([FAIR, BAD, FAIR], [(0, 1), (1, 0), (1, 1)], saved)
    assert rows.tolist() == [[False, True, False]]
    expected = drawn()
    expected[0, 0, :, 1, 0] = torch.tensor([7.0, 8])
    expected[0, 1, :, 1, 2] = torch.tensor([70.0, 80])
    assert torch.equal(found, expected)
    assert now.there.tolist() == [[False, True, False]]
    assert torch.equal(now.vectors, saved.vectors)


def test_vectors_are_saved_before_cells_are_replaced():
    """A good and a bad keypoint in one cell; and the saved vector is the newest."""
    saved = saved_of(k0=([1.0, 1], [2, 2]), k1=([7.0, 8], [70, 80]))
    found, now, _ = replaced([GOOD, BAD, FAIR], [(1, 2), (1, 2), (0, 0)], saved)
    assert now.vectors[0, 0, :2].tolist() == [[12, 112], [7, 8]]
    assert found[0, 0, :, 1, 2].tolist() == [7, 8]


def test_two_bad_keypoints_in_one_cell():
    """The last of them counts."""
    saved = saved_of(k0=([1.0, 1], [2, 2]), k2=([7.0, 8], [70, 80]))
    found, _, rows = replaced([BAD, FAIR, BAD], [(0, 1), (1, 1), (0, 1)], saved)
    assert rows.tolist() == [[True, False, True]]
    assert found[0, 0, :, 0, 1].tolist() == [7, 8]
    assert found[0, 1, :, 0, 1].tolist() == [70, 80]
    assert (found != drawn()).sum() == 4


def test_thresholds_themselves_do_not_count():
    saved = saved_of(k1=([7.0, 8], [70, 80]))
    high, low = torch.tensor([1.1, 0.7]).tolist()
    found, now, rows = replaced([high, low, FAIR], [(0, 0), (1, 0), (1, 1)], saved)
    assert torch.equal(found, drawn()) and not rows.any()
    assert now.there.tolist() == [[False, True, False]]


def test_people_do_not_mix():
    maps = torch.cat([drawn(), drawn() + 5])
    saved = saved_of(k0=([7.0, 8], [70, 80]))
    both = SavedKeypoints(saved.vectors.repeat(2, 1, 1, 1), torch.tensor([[True, False, False]]))
    both = SavedKeypoints(both.vectors, torch.tensor([[True, False, False], [False] * 3]))
    quality, places = torch.full((2, 3), BAD), torch.tensor([[PLACES[0, 0]] * 3] * 2)
    found, _, rows = replace_keypoints(maps, quality, places, both, high=1.1, low=0.7)
    assert rows.tolist() == [[True, False, False], [False] * 3]
    assert torch.equal(found[1], maps[1])
    assert found[0, 0, :, 0, 0].tolist() == [7, 8]


def test_places_on_the_border_and_maps_of_one_side():
    saved = SavedKeypoints(torch.full((1, 1, 2, 2), 9.0), torch.tensor([[True, True]]))
    places = torch.tensor([[[1.0, 1.0], [0.0, 0.0]]])
    found, _, _ = replace_keypoints(
        drawn()[:, :1], torch.full((1, 2), BAD), places, saved, high=1.1, low=0.7
    )
    assert found[0, 0, 0].tolist() == [[9, 1, 2], [10, 11, 9]]


def test_vectors_that_half_precision_cannot_hold_are_saved_whole():
    """What is stored in half precision is cut to its range later, and not infinite here."""
    maps = torch.full((1, 1, 2, 2, 3), 1e6)
    saved = SavedKeypoints(torch.zeros(1, 1, 1, 2).half(), torch.tensor([[False]]))
    places = torch.tensor([[PLACES[0, 0]]])
    _, now, _ = replace_keypoints(maps, torch.tensor([[GOOD]]), places, saved, high=1.1, low=0.7)
    assert now.vectors.tolist() == [[[[1e6, 1e6]]]]
