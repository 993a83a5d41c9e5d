"""The basic blocks that TKMR's modules are made of."""

from collections.abc import Sequence

from mmcv.cnn import build_conv_layer, build_upsample_layer
from torch import Tensor, nn


def basic_block(
    in_channels: int, channels: int, *, scale: int, num_convs: int = 0
) -> nn.Sequential:
    """``num_convs`` x [3x3 conv, ReLU], then deconv x2 (or a 3x3 conv), BN, ReLU.

    TKMR supplement, Table 2: the matching module has three convolutions a block, the prediction
    and the refinement module none. The paper names no activation after them: ReLU (choice).

    Args:
        in_channels: Channels of the input.
        channels: Channels of every layer's output.
        scale: 2: the deconvolution (kernel 4, stride 2) doubles the size, as in mmpose's
            HeatmapHead; 1: a 3x3 convolution keeps it (choice, for backbones whose features have
            the size of the heatmaps already).
        num_convs: Convolutions before it.
    """
    layers: list[nn.Module] = []
    for _ in range(num_convs):
        conv = dict(type="Conv2d", kernel_size=3, padding=1)
        layers.append(build_conv_layer(conv, in_channels, channels))
        layers.append(nn.ReLU(inplace=True))
        in_channels = channels
    if scale == 2:
        deconv = dict(type="deconv", kernel_size=4, stride=2, padding=1, output_padding=0)
        last = build_upsample_layer(
            deconv, in_channels=in_channels, out_channels=channels, bias=False
        )
    else:
        conv = dict(type="Conv2d", kernel_size=3, padding=1)
        last = build_conv_layer(conv, in_channels, channels, bias=False)
    return nn.Sequential(*layers, last, nn.BatchNorm2d(channels), nn.ReLU(inplace=True))


def basic_blocks(
    in_channels: int, channels: int, upsample: Sequence[int], *, num_convs: int = 0
) -> nn.Sequential:
    """One :func:`basic_block` for each entry of ``upsample``.

    Raises:
        ValueError: A number of channels is not positive; ``upsample`` is empty or holds anything
            but 1 and 2.
    """
    if min(in_channels, channels) < 1:
        raise ValueError(
            f"in_channels and channels must be positive, got {in_channels} and {channels}"
        )
    if not upsample or any(scale not in (1, 2) for scale in upsample):
        raise ValueError(
            "upsample must hold 2 for each block that doubles the size and 1 for each that "
            f"keeps it, as (2, 2, 2) from stride 32 to 4, got {upsample}"
        )
    blocks = []
    for scale in upsample:
        blocks.append(basic_block(in_channels, channels, scale=scale, num_convs=num_convs))
        in_channels = channels
    return nn.Sequential(*blocks)


def select_map(feats: Sequence[Tensor], index: int) -> Tensor:
    """The backbone's feature map that a head works on.

    Raises:
        ValueError: The backbone gives fewer.
    """
    if not -len(feats) <= index < len(feats):
        raise ValueError(
            f"in_index is {index}, but backbone and neck give {len(feats)} feature maps"
        )
    return feats[index]
