"""Frames in the input of a network, and points of frames as cells and back."""

import numpy as np
import pytest
import torch

from mmpose_temporal.models.correspondences import FrameEmbedding, Letterbox


def embedding(width=640, height=360, scale=0.5, shape=(4, 48, 80)):
    return FrameEmbedding(torch.zeros(shape), scale, 4, (width, height))


@pytest.mark.parametrize(
    ("frame", "long_side", "divisor", "scale", "size"),
    [
        ((640, 360), 512, 32, 0.8, (512, 288)),  # 360 x 0.8 is a multiple already
        ((640, 360), 512, 512, 0.8, (512, 512)),  # as the authors' code pads
        ((360, 640), 512, 32, 0.8, (288, 512)),
        ((1000, 500), 500, 32, 0.5, (512, 256)),  # 500 and 250, filled up
        ((100, 50), 512, 32, 5.12, (512, 256)),  # smaller frames are enlarged
        ((1000, 1), 512, 32, 0.512, (512, 32)),  # a line of pixels stays one
    ],
)
def test_scale_and_size(frame, long_side, divisor, scale, size):
    box = Letterbox.of(frame, long_side, divisor)
    assert (box.scale, box.input_size, box.frame_size) == (scale, size, frame)


def test_a_frame_is_at_the_top_left_and_the_rest_is_black():
    image = np.full((3, 8, 3), 200, np.uint8)
    image[:, 4:] = 100
    drawn = Letterbox.of((8, 3), 4, 4).apply(image)  # half as large: 4 x 2 of 4 x 4
    assert (drawn.shape, drawn.dtype) == ((4, 4, 3), np.uint8)
    assert drawn[..., 0].tolist() == [[200, 200, 100, 100]] * 2 + [[0] * 4] * 2


def test_thin_stripes_of_a_large_frame_are_averaged():
    image = np.zeros((8, 16, 3), np.uint8)
    image[:, ::2] = 200
    assert (Letterbox.of((16, 8), 8, 4).apply(image) == 100).all()


def test_cells_of_points_by_hand():
    """Half of the size and 4 pixels a cell: a cell is 8 pixels of the frame."""
    frame = embedding()
    points = torch.tensor([[3.5, 3.5], [11.5, 3.5], [-0.5, 7.5]])
    assert frame.cells_of(points).tolist() == [[0, 0], [1, 0], [-0.5, 0.5]]
    assert frame.points_of(frame.cells_of(points)).tolist() == points.tolist()
    assert frame.length(10) == 20


def test_which_points_lie_in_a_frame():
    """The pixels' centres are whole numbers, so the frame reaches from -0.5 to 639.5."""
    points = [[-0.5, 0], [-0.51, 0], [639.4, 359.4], [639.5, 0], [0, 359.5], [0, -1]]
    expected = [True, False, True, False, False, False]
    assert embedding().contains(torch.tensor(points)).tolist() == expected
    assert embedding().contains(torch.tensor([[float("nan"), 3], [3, float("inf")]])).sum() == 0


def test_maps_on_the_grid_of_another_frame():
    maps = torch.arange(6.0).reshape(1, 2, 3)
    frame = FrameEmbedding(maps, 1.0, 4, (12, 8))
    assert frame.fitted(2, 3) is maps
    assert frame.fitted(3, 2).tolist() == [[[0, 1], [3, 4], [0, 0]]]
