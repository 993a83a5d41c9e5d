"""Blocks of GoogLeNet and BN-Inception, and the tables of their widths."""

from collections.abc import Iterator
from typing import NamedTuple

from mmcv.cnn import ConvModule
from mmpose.models.backbones.utils import make_divisible
from torch import Tensor, cat, nn


class BlockWidths(NamedTuple):
    """Of one block: channels of its branches, in the order of its output.

    Attributes:
        name: As in the papers: 3a to 5b.
        one: Of the 1x1 convolution. 0: there is none.
        three: Of the 1x1 and the 3x3 convolution of the second branch.
        deep: Of the 1x1 and the following 3x3 convolutions of the third branch: two in
            BN-Inception, one in torchvision's GoogLeNet (which has 3x3 where the paper has 5x5).
        pooled: Of the 1x1 convolution after the pooling. 0: pooled channels go out as they are.
        pool: "avg" or "max", 3x3.
        stride: 1, or 2: of the last convolution of each branch and of the pooling.
        shrink: Side of a max pool with stride 2 before the block. 0: there is none.
    """

    name: str
    one: int
    three: tuple[int, int]
    deep: tuple[int, ...]
    pooled: int
    pool: str = "avg"
    stride: int = 1
    shrink: int = 0


ARCHS = {
    "bn_inception": (
        BlockWidths("3a", 64, (64, 64), (64, 96, 96), 32, shrink=3),
        BlockWidths("3b", 64, (64, 96), (64, 96, 96), 64),
        BlockWidths("3c", 0, (128, 160), (64, 96, 96), 0, "max", stride=2),
        BlockWidths("4a", 224, (64, 96), (96, 128, 128), 128),
        BlockWidths("4b", 192, (96, 128), (96, 128, 128), 128),
        BlockWidths("4c", 160, (128, 160), (128, 160, 160), 128),
        BlockWidths("4d", 96, (128, 192), (160, 192, 192), 128),
        BlockWidths("4e", 0, (128, 192), (192, 256, 256), 0, "max", stride=2),
        BlockWidths("5a", 352, (192, 320), (160, 224, 224), 128),
        BlockWidths("5b", 352, (192, 320), (192, 224, 224), 128, "max"),
    ),
    "googlenet": (
        BlockWidths("3a", 64, (96, 128), (16, 32), 32, "max", shrink=3),
        BlockWidths("3b", 128, (128, 192), (32, 96), 64, "max"),
        BlockWidths("4a", 192, (96, 208), (16, 48), 64, "max", shrink=3),
        BlockWidths("4b", 160, (112, 224), (24, 64), 64, "max"),
        BlockWidths("4c", 128, (128, 256), (24, 64), 64, "max"),
        BlockWidths("4d", 112, (144, 288), (32, 64), 64, "max"),
        BlockWidths("4e", 256, (160, 320), (32, 128), 128, "max"),
        BlockWidths("5a", 256, (160, 320), (32, 128), 128, "max", shrink=2),
        BlockWidths("5b", 384, (192, 384), (48, 128), 128, "max"),
    ),
}
"""Blocks of each architecture: Ioffe & Szegedy (ICML 2015) and Szegedy et al. (CVPR 2015).

The first with the widths that CorrTrack's published code has, the second as in torchvision.
"""


def scaled(channels: int, width: float) -> int:
    """Channels of a network of another width, a multiple of 8.

    Args:
        channels: Of the network of width 1.
        width: Multiplier.

    Returns:
        The next multiple of 8 (mmpose's ``make_divisible``), 0 for 0; all widths of
        :data:`ARCHS` are multiples of 8.
    """
    return make_divisible(channels * width, 8) if channels else 0


class InceptionBlock(nn.Module):
    """One block: up to four branches, concatenated.

    Its first convolutions, all 1x1, can be had apart (:meth:`first_convs`), so that they may be
    computed together. Names are those of torchvision's GoogLeNet: ``branch1``, ``branch2.0``...

    Args:
        widths: Of width 1.
        in_channels: Of the input.
        width: Multiplier of the widths.
        norm_cfg: Of the norm layers.
    """

    def __init__(self, widths: BlockWidths, in_channels: int, width: float, norm_cfg: dict):
        super().__init__()
        self.stride = widths.stride
        self.pool = widths.pool
        one, pooled = scaled(widths.one, width), scaled(widths.pooled, width)
        three = [scaled(channels, width) for channels in widths.three]
        deep = [scaled(channels, width) for channels in widths.deep]
        self.shrink = (
            nn.MaxPool2d(widths.shrink, 2, ceil_mode=True) if widths.shrink else nn.Identity()
        )
        self.branch1 = ConvModule(in_channels, one, 1, norm_cfg=norm_cfg) if one else None
        self.branch2 = self._convs(in_channels, three, norm_cfg)
        self.branch3 = self._convs(in_channels, deep, norm_cfg)
        self.branch4 = nn.Sequential(self._pooling())
        if pooled:
            self.branch4.append(ConvModule(in_channels, pooled, 1, norm_cfg=norm_cfg))
        self.out_channels = one + three[-1] + deep[-1] + (pooled or in_channels)

    def _convs(self, in_channels: int, widths: list[int], norm_cfg: dict) -> nn.Sequential:
        """A 1x1 convolution and 3x3 ones, the last with the block's stride."""
        convs = [ConvModule(in_channels, widths[0], 1, norm_cfg=norm_cfg)]
        for i in range(1, len(widths)):
            stride = self.stride if i == len(widths) - 1 else 1
            convs.append(
                ConvModule(
                    widths[i - 1], widths[i], 3, stride=stride, padding=1, norm_cfg=norm_cfg
                )
            )
        return nn.Sequential(*convs)

    def _pooling(self) -> nn.Module:
        if self.pool == "avg":
            return nn.AvgPool2d(3, stride=1, padding=1)
        if self.stride == 2:
            return nn.MaxPool2d(3, stride=2, ceil_mode=True)
        return nn.MaxPool2d(3, stride=1, padding=1)

    def first_convs(self) -> Iterator[ConvModule]:
        """The 1x1 convolutions that see the input, that after the pooling last."""
        if self.branch1 is not None:
            yield self.branch1
        yield self.branch2[0]
        yield self.branch3[0]
        if len(self.branch4) > 1:
            yield self.branch4[1]

    def forward(self, x: Tensor) -> Tensor:
        """Run the block.

        Args:
            x: (B, in_channels, H, W).

        Returns:
            (B, out_channels, H', W'), smaller by ``stride`` and ``shrink``.
        """
        x = self.shrink(x)
        branches = (self.branch1, self.branch2, self.branch3, self.branch4)
        return cat([branch(x) for branch in branches if branch is not None], dim=1)
