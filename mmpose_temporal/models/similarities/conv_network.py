"""The convolutional network that pose entailment is compared with."""

import math
from itertools import pairwise

from torch import nn


class ConvNetwork(nn.Sequential):
    """Picture to two logits.

    Source: Snower et al., 15 Keypoints Is All You Need, CVPR 2020, A.5 and section 5.2.

    ``floor(log2(n)) - 1`` times a 3x3 convolution with padding 1, batch normalisation, ReLU and
    2x2 max-pooling, n the longer side of the picture; 64 channels at first, doubled each time.
    Then two linear layers with a ReLU between.

    Choice: where log2(n) is no integer, it is rounded down; the pool follows each convolution;
    ReLU. The paper says that the hidden size depends on the resolution: half of what the
    last pool gives, 1.55 M parameters at 24 x 18 ("approximately 4x more" than 0.41 M, 5.2).

    Args:
        in_channels: Of the picture.
        resolution: Its width and height.
        channels: Of the first convolution.
        hidden: Between the linear layers. None: half the input of the first.

    Raises:
        ValueError: The picture is too small, or an option is not positive.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        resolution: tuple[int, int],
        channels: int = 64,
        hidden: int | None = None,
    ):
        depth = int(math.log2(max(resolution))) - 1 if min(resolution) > 0 else 0
        if depth < 1 or min(resolution) >> depth < 1:
            raise ValueError(
                f"a picture of {resolution[0]}x{resolution[1]} is too small, or too narrow, for "
                f"{max(depth, 0)} convolutions, each halving it: floor(log2(longer side)) - 1 "
                "must be 1 or more, and the shorter side 2 to the power of it"
            )
        if channels < 1 or (hidden is not None and hidden < 1):
            raise ValueError(f"channels and hidden must be positive, got {channels} and {hidden}")
        widths = [in_channels, *(channels << index for index in range(depth))]
        layers: list[nn.Module] = []
        for inside, outside in pairwise(widths):
            layers += [
                nn.Conv2d(inside, outside, 3, padding=1, bias=False),  # the norm has one
                nn.BatchNorm2d(outside),
                nn.ReLU(inplace=True),
                nn.MaxPool2d(2),
            ]
        flat = widths[-1] * (resolution[0] >> depth) * (resolution[1] >> depth)
        hidden = hidden or flat // 2
        head = [nn.Flatten(), nn.Linear(flat, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, 2)]
        super().__init__(*layers, *head)
