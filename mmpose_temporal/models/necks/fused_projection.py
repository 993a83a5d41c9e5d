"""One map of the maps of several strides."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F


@MODELS.register_module()
class FusedProjection(BaseModule):
    """Brings maps to the size of the first one, and projects them together.

    So a backbone with several outputs, as mmpose's HRNet with ``multiscale_output=True``, gives
    one embedding that knows details and surroundings.

    Args:
        in_channels: Of the maps.
        out_channels: Of the answer.
        init_cfg: As in mmengine.

    Raises:
        ValueError: No map, or no channels.
    """

    def __init__(
        self, in_channels: Sequence[int], out_channels: int = 32, init_cfg: dict | None = None
    ):
        super().__init__(init_cfg=init_cfg)
        if not in_channels or min(*in_channels, out_channels, 1) < 1:
            raise ValueError(f"no map or no channels: {in_channels} -> {out_channels}")
        self.in_channels = tuple(in_channels)
        # One convolution per map, each at its own size: their sum is the projection of them all.
        self.projections = nn.ModuleList(
            nn.Conv2d(channels, out_channels, 1, bias=i == 0)
            for i, channels in enumerate(in_channels)
        )

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """(B, out_channels, h, w) of maps (B, C_i, h_i, w_i), with the h and w of the first.

        Raises:
            ValueError: Another number of maps.
        """
        if len(feats) != len(self.in_channels):
            raise ValueError(f"{len(self.in_channels)} maps are projected, got {len(feats)}")
        maps = [conv(x) for conv, x in zip(self.projections, feats, strict=True)]
        size = maps[0].shape[2:]
        larger = [
            F.interpolate(x, size=size, mode="bilinear", align_corners=False) for x in maps[1:]
        ]
        return torch.stack([maps[0], *larger]).sum(0)
