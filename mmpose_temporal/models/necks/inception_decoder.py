"""The way back up of CorrTrack's networks."""

from collections.abc import Sequence

from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, cat, nn
from torch.nn.functional import fold


class _Enlarging(nn.ConvTranspose2d):
    """Four times the size; on a CPU by one matrix product and a sum of overlapping patches.

    For a few output channels that takes less than half the time of torch's own way there.
    """

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__(in_channels, out_channels, 8, stride=4, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        """(B, out_channels, 4 h, 4 w) of (B, in_channels, h, w)."""
        if x.device.type != "cpu" or not len(x):
            return super().forward(x)
        patches = self.weight.flatten(1).T @ x.flatten(2)  # (B, out_channels * 8 * 8, h * w)
        size = [4 * side for side in x.shape[2:]]
        return fold(patches, size, 8, stride=4, padding=2) + self.bias[:, None, None]


@MODELS.register_module()
class InceptionDecoder(BaseModule):
    """From stride 32, with a skip from stride 16, to stride 4 (CorrTrack, supplement, section A).

    A transposed convolution (2x2, stride 2), norm and ReLU bring the coarse map to stride 16; the
    finer one is appended, and a transposed convolution (8x8, stride 4) gives the output, without
    norm or activation. Figures as in the authors' published code.

    Args:
        in_channels: Of the maps at stride 16 and at stride 32; ``out_channels`` of an
            :class:`InceptionBody`.
        out_channels: Of the output: 32 for an embedding, 3K for heatmaps and offsets.
        norm_cfg: Of the norm layer. None: batch norm with ``eps=0.001``.
        init_cfg: As for mmengine's BaseModule. None: as torch initialises the layers.

    Raises:
        ValueError: A number of channels is not positive, or not two are given.
    """

    def __init__(
        self,
        *,
        in_channels: Sequence[int] = (608, 1024),
        out_channels: int = 32,
        norm_cfg: dict | None = None,
        init_cfg: dict | list[dict] | None = None,
    ):
        super().__init__(init_cfg=init_cfg)
        if len(in_channels) != 2 or min(*in_channels, out_channels) < 1:
            raise ValueError(
                "in_channels must be those of the maps at strides 16 and 32, and all channels "
                f"positive, got {in_channels} and {out_channels}"
            )
        skip, coarse = in_channels
        norm = dict(type="BN", eps=1e-3) if norm_cfg is None else norm_cfg
        self.out_channels = out_channels
        self.up = nn.Sequential(
            nn.ConvTranspose2d(coarse, coarse, 2, stride=2, bias=False),
            build_norm_layer(norm, coarse)[1],
            nn.ReLU(inplace=True),
        )
        self.out = _Enlarging(coarse + skip, out_channels)

    def forward(self, feats: Sequence[Tensor]) -> tuple[Tensor]:
        """The map at stride 4.

        Args:
            feats: (B, in_channels[0], h / 16, w / 16) and (B, in_channels[1], h / 32, w / 32).

        Returns:
            One map, (B, out_channels, h / 4, w / 4), in a tuple as of mmpose's necks.

        Raises:
            ValueError: Not two maps, or one is not twice the size of the other.
        """
        if len(feats) != 2:
            raise ValueError(
                f"InceptionDecoder takes the maps at strides 16 and 32, and got {len(feats)}: "
                "out_indices of BNInception must be (2, 3)"
            )
        skip, coarse = feats
        if tuple(skip.shape[-2:]) != tuple(2 * side for side in coarse.shape[-2:]):
            raise ValueError(
                f"maps of {tuple(skip.shape[-2:])} and {tuple(coarse.shape[-2:])} do not fit: "
                "height and width of the input must be multiples of 32"
            )
        return (self.out(cat([self.up(coarse), skip], dim=1)),)
