import math

import pytest
import torch

from mmpose_temporal.models.similarities import ConvNetwork


@pytest.mark.parametrize(
    ("resolution", "depth", "last"),
    [((24, 18), 3, (2, 3)), ((48, 36), 4, (2, 3)), ((64, 48), 5, (1, 2)), ((192, 144), 6, (2, 3))],
)
def test_depth_follows_the_longer_side(resolution, depth, last):
    """floor(log2 n) - 1: 24 -> 4 - 1, 48 -> 5 - 1, 64 -> 6 - 1, 192 -> 7 - 1."""
    network = ConvNetwork(in_channels=6, resolution=resolution, channels=2).eval()
    widths = [layer.out_channels for layer in network if isinstance(layer, torch.nn.Conv2d)]
    assert widths == [2 * 2**index for index in range(depth)]
    flat = widths[-1] * math.prod(last)
    linear = [layer for layer in network if isinstance(layer, torch.nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in linear] == [
        (flat, flat // 2),
        (flat // 2, 2),
    ]
    assert network(torch.zeros(5, 6, resolution[1], resolution[0])).shape == (5, 2)


@pytest.mark.parametrize("resolution", [(4, 0), (2, 2), (24, 7), (1, 1)])
def test_pictures_that_are_too_small(resolution):
    with pytest.raises(ValueError, match="is too small, or too narrow"):
        ConvNetwork(in_channels=6, resolution=resolution)
