"""Crops of a frame that a person can compute."""

import numpy as np
import pytest
import torch

from mmpose_temporal.utils.crops import crop_people


def ramp() -> np.ndarray:
    """4 x 2 pixels, blue 0 10 20 30 / 40 50 60 70, green 100 more, red 0."""
    blue = np.arange(8, dtype=np.uint8).reshape(2, 4) * 10
    return np.stack([blue, blue + 100, np.zeros_like(blue)], axis=-1)


def test_a_pixel_is_the_mean_of_its_part():
    """The whole frame in two: (0 + 10 + 40 + 50) / 4 = 25 and (20 + 30 + 60 + 70) / 4 = 45."""
    crops = crop_people(ramp(), np.array([[-0.5, -0.5, 3.5, 1.5]]), (2, 1))
    assert crops.tolist() == [[[[25, 45]], [[125, 145]], [[0, 0]]]]
    assert crops.dtype == torch.uint8


def test_a_box_of_pixels_is_those_pixels():
    """The two pixels on the right, at their own size."""
    crops = crop_people(ramp(), np.array([[1.5, -0.5, 3.5, 1.5]]), (2, 2))
    assert crops[0, 0].tolist() == [[20, 30], [60, 70]]


def test_padding():
    """Twice the middle 2 x 1 about (1.5, 0.5) is the whole frame."""
    crops = crop_people(ramp(), np.array([[0.5, 0, 2.5, 1]]), (2, 1), padding=2)
    assert crops[0, 0].tolist() == [[25, 45]]


def test_people_do_not_change_each_other():
    """Whatever part of the frame is looked at for all of them."""
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    boxes = np.array([[3.2, 4.1, 17.7, 30.3], [-5, -5, 20, 20], [50, 20, 90, 60]], np.float32)
    together = crop_people(image, boxes, (12, 16))
    alone = torch.cat([crop_people(image, box[None], (12, 16)) for box in boxes])
    assert (together.int() - alone.int()).abs().max() <= 1
    assert (together[1, :, 0, 0] == 0).all()  # outside the frame it is black


@pytest.mark.parametrize(
    "boxes", [np.zeros((0, 4)), np.array([[200, 200, 220, 220]]), np.array([[-9, -9, -8, -8]])]
)
def test_nobody_and_boxes_outside(boxes):
    crops = crop_people(ramp(), boxes, (3, 5))
    assert crops.shape == (len(boxes), 3, 5, 3)
    assert not crops.any()
