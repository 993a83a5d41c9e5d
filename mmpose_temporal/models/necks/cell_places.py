"""Where in the crop a cell of a feature map is, for keys and queries of a memory."""

import math

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

FREQUENCIES = (0.25, 0.5, 1.0, 2.0)
"""Periods of the sines and cosines per side of the crop."""


class CellPlaces(BaseModule):
    """Adds a learned linear map of a cell's place to its vector.

    The place is described by sines and cosines of x and y, as shares of the crop's width and
    height, with periods of 4, 2, 1 and 1/2 sides of the crop, so maps of any size are
    described alike.

    Args:
        channels: Of the vectors.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.to_channels = nn.Linear(4 * len(FREQUENCIES), channels, bias=False)
        # Choice: of unit variance, so that a cell is most similar to those around its place.
        nn.init.normal_(self.to_channels.weight, std=(2 * len(FREQUENCIES)) ** -0.5)

    def forward(self, maps: Tensor) -> Tensor:
        """Maps (B, c, h, w) with the places of their cells."""
        height, width = maps.shape[-2:]
        y = (torch.arange(height, device=maps.device) + 0.5) / height
        x = (torch.arange(width, device=maps.device) + 0.5) / width
        turns = x.new_tensor(FREQUENCIES) * 2 * math.pi
        x, y = turns * x[:, None], turns * y[:, None]
        x = torch.cat([x.sin(), x.cos()], 1).expand(height, -1, -1)
        y = torch.cat([y.sin(), y.cos()], 1)[:, None].expand(-1, width, -1)
        places = torch.cat([x, y], 2).to(self.to_channels.weight.dtype)
        return maps + self.to_channels(places).permute(2, 0, 1).to(maps.dtype)
