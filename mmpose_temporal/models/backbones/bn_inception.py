"""GoogLeNet with batch normalisation, as CorrTrack's networks have it."""

from collections.abc import Sequence

from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, cat, nn
from torch.nn.functional import conv2d
from torch.nn.modules.batchnorm import _NormBase

from .googlenet_weights import take_googlenet
from .inception_blocks import ARCHS, InceptionBlock, scaled

STEMS = ("stride4", "deep3x3")


def norms_to_eval(module: nn.Module) -> None:
    """Have the norm layers of a module use and keep their statistics."""
    for part in module.modules():
        if isinstance(part, _NormBase):
            part.eval()


@MODELS.register_module()
class InceptionBody(BaseModule):
    """Blocks 3a to 5b: from stride 4 to stride 32.

    A body may see maps of several sources, concatenated. The linear part of its first layer is
    apart (:meth:`enter`), so that what comes of maps that do not change is computed once::

        enter(cat([a, b], 1)) == enter(a, slice(0, ca)) + enter(b, slice(ca, ca + cb))

    up to rounding, where ``a`` has ``ca`` channels. Weights have the names of torchvision's
    GoogLeNet (``inception3a.branch1.conv.weight``).

    Choices: convolutions have no bias, since a norm layer follows (the paper's published code has
    one); norm layers have ``eps=0.001``, as in torchvision's GoogLeNet.

    Args:
        in_channels: Of the input.
        width: Multiplier of all widths, rounded to multiples of 8; 1 for the papers' networks.
        arch: "bn_inception": the widths of CorrTrack's published code (608 channels at stride 16,
            1024 at stride 32), with two 3x3 convolutions where "googlenet" (528 and 1024
            channels), torchvision's, has one.
        norm_cfg: Of the norm layers. None: batch norm with ``eps=0.001``.
        init_cfg: As for mmengine's BaseModule. None: convolutions by Kaiming.

    Raises:
        ValueError: ``arch`` is unknown, or a number not positive.
    """

    def __init__(
        self,
        in_channels: int,
        *,
        width: float = 1.0,
        arch: str = "bn_inception",
        norm_cfg: dict | None = None,
        init_cfg: dict | list[dict] | None = None,
    ):
        super().__init__(init_cfg=init_cfg)
        if arch not in ARCHS:
            raise ValueError(f"arch must be one of {', '.join(ARCHS)}, got {arch!r}")
        if in_channels < 1 or width <= 0:
            raise ValueError(
                f"in_channels and width must be positive, got {in_channels} and {width}"
            )
        self.in_channels = in_channels
        self.norm_cfg = dict(type="BN", eps=1e-3) if norm_cfg is None else dict(norm_cfg)
        self.blocks = [f"inception{widths.name}" for widths in ARCHS[arch]]
        self.map_channels: dict[str, int] = {}
        channels = in_channels
        for name, widths in zip(self.blocks, ARCHS[arch], strict=True):
            block = InceptionBlock(widths, channels, width, self.norm_cfg)
            self.add_module(name, block)
            channels = self.map_channels[widths.name] = block.out_channels
        self.out_channels = (self.map_channels["4d"], self.map_channels["5b"])

    @property
    def first(self) -> InceptionBlock:
        """Block 3a."""
        return self.get_submodule(self.blocks[0])

    def enter(self, x: Tensor, channels: slice | None = None) -> Tensor:
        """The linear part of block 3a: its pooling and its first convolutions, as one.

        Args:
            x: (B, C, H, W) at stride 4, all of the input or some of its channels.
            channels: Which of the input's channels ``x`` has. None: all.

        Returns:
            (B, sum of the widths of the four first convolutions, H / 2, W / 2). That after an
            average pooling is given before it, since the two may change places.

        Raises:
            ValueError: ``x`` has not as many channels as ``channels`` names, or H or W is no
                multiple of 8, so that maps would not fit further down.
        """
        channels = slice(None) if channels is None else channels
        named = len(range(*channels.indices(self.in_channels)))
        if x.shape[1] != named:
            raise ValueError(
                f"the body has {self.in_channels} in_channels, of which {channels} are {named}; "
                f"the map has {x.shape[1]}"
            )
        if x.shape[-2] % 8 or x.shape[-1] % 8:
            raise ValueError(
                "height and width of the input must be multiples of 32 (of 8 at stride 4), got "
                f"{tuple(x.shape[-2:])} at stride 4"
            )
        x = self.first.shrink(x)
        *weights, last = [conv.conv.weight[:, channels] for conv in self.first.first_convs()]
        if self.first.pool == "avg":
            return conv2d(x, cat([*weights, last]))
        pooled = self.first.branch4[0](x)
        return cat([conv2d(x, cat(weights)), conv2d(pooled, last)], dim=1)

    def rest(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """All that follows :meth:`enter`.

        Args:
            y: What it gives for all channels.

        Returns:
            (B, C, h / 16, w / 16) of block 4d and (B, C', h / 32, w / 32) of block 5b; h and w
            are the size at stride 1. See ``out_channels``.
        """
        _, middle, last = self.maps(y)
        return middle, last

    def maps(self, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """As :meth:`rest`, with the map of block 3b (stride 8) before the others."""
        first = self.first
        convs = list(first.first_convs())
        parts = list(y.split([conv.out_channels for conv in convs], dim=1))
        if first.pool == "avg":
            parts[-1] = first.branch4[0](parts[-1])
        one, three, deep, pooled = (
            conv.activate(conv.norm(part)) for conv, part in zip(convs, parts, strict=True)
        )
        x = cat([one, first.branch2[1:](three), first.branch3[1:](deep), pooled], dim=1)
        found = {}
        for name in self.blocks[1:]:
            x = self.get_submodule(name)(x)
            found[name[-2:]] = x
        return found["3b"], found["4d"], found["5b"]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Maps of an input at stride 4: :meth:`enter` and :meth:`rest`."""
        return self.rest(self.enter(x))


@MODELS.register_module()
class BNInception(InceptionBody):
    """GoogLeNet with batch normalisation (CorrTrack, supplement, section A).

    A stem to stride 4 with 192 channels and the blocks of :class:`InceptionBody`, without the
    classifier. With an :class:`InceptionDecoder` of 32 channels it is the embedding of CorrTrack.

    ImageNet weights: ``init_cfg=dict(type="Pretrained", checkpoint="torchvision://googlenet")``.
    ``arch="googlenet"`` takes all of them; of ``arch="bn_inception"`` the stem and a few 1x1
    convolutions have the same names and shapes, the rest is left as initialised, and the log says
    how many tensors that is. These weights want RGB images with mean 0.5 and standard deviation
    0.5 of pixels in [0, 1] (torchvision's model brings its input to that by itself): ``mean`` and
    ``std`` of the data preprocessor (127.5, 127.5, 127.5), ``bgr_to_rgb=True``. (The paper's
    published code feeds pixels in [0, 1].)

    Args:
        width: Multiplier of all widths, rounded to multiples of 8.
        arch: "bn_inception" or "googlenet", see :class:`InceptionBody`.
        stem: "stride4": 7x7 convolution with stride 2, max pool, 1x1 and 3x3 convolution, as in
            both papers. "deep3x3": 3x3 convolutions with strides 2, 2 and 1, for crops of small
            images (of these, "conv3" alone takes ImageNet weights).
        out_indices: Of the maps to give: 0 the stem's (stride 4), 1 block 3b's (8), 2 block 4d's
            (16), 3 block 5b's (32). Ascending.
        frozen_stages: Number of the last part whose weights do not change, norm statistics
            included: 0 the stem, 1 to 3 the blocks 3, 4, 5 as well. -1: all are trained.
        norm_eval: Norm layers use and keep their statistics in training too.
        norm_cfg: Of the norm layers. None: batch norm with ``eps=0.001``.
        init_cfg: As for mmengine's BaseModule. None: convolutions by Kaiming.

    Raises:
        ValueError: An option has an unknown value, or a number is not positive.
    """

    def __init__(
        self,
        *,
        width: float = 1.0,
        arch: str = "bn_inception",
        stem: str = "stride4",
        out_indices: Sequence[int] = (2, 3),
        frozen_stages: int = -1,
        norm_eval: bool = False,
        norm_cfg: dict | None = None,
        init_cfg: dict | list[dict] | None = None,
    ):
        indices = tuple(out_indices)
        if not indices or list(indices) != sorted(set(indices) & set(range(4))):
            raise ValueError(
                f"out_indices must be some of 0 to 3, ascending, each once, got {out_indices}"
            )
        if frozen_stages not in range(-1, 4):
            raise ValueError(f"frozen_stages must be one of -1 to 3, got {frozen_stages}")
        if stem not in STEMS:
            raise ValueError(f"stem must be one of {', '.join(STEMS)}, got {stem!r}")
        if width <= 0:
            raise ValueError(f"width must be positive, got {width}")
        first, stem_channels = scaled(64, width), scaled(192, width)
        super().__init__(
            stem_channels, width=width, arch=arch, norm_cfg=norm_cfg, init_cfg=init_cfg
        )
        self.out_indices = indices
        self.frozen_stages = frozen_stages
        self.norm_eval = norm_eval
        self.stem_channels = stem_channels
        norm, deep = self.norm_cfg, stem == "deep3x3"
        if deep:
            self.conv1 = ConvModule(3, first, 3, stride=2, padding=1, norm_cfg=norm)
            self.maxpool1 = nn.Identity()
            self.conv2 = ConvModule(first, first, 3, stride=2, padding=1, norm_cfg=norm)
        else:
            self.conv1 = ConvModule(3, first, 7, stride=2, padding=3, norm_cfg=norm)
            self.maxpool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
            self.conv2 = ConvModule(first, first, 1, norm_cfg=norm)
        self.conv3 = ConvModule(first, stem_channels, 3, padding=1, norm_cfg=norm)
        channels = (stem_channels, self.map_channels["3b"], *self.out_channels)
        self.out_channels = tuple(channels[i] for i in indices)
        self._freeze()

    def stem(self, x: Tensor) -> Tensor:
        """Features at stride 4.

        Args:
            x: (B, 3, h, w), normalised; h and w multiples of 32 so that all maps fit.

        Returns:
            (B, stem_channels, h / 4, w / 4).
        """
        return self.conv3(self.conv2(self.maxpool1(self.conv1(x))))

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Features.

        Args:
            x: As for :meth:`stem`.

        Returns:
            (B, C_i, h / s, w / s) for each of ``out_indices``, s = 4, 8, 16 or 32.
        """
        x = self.stem(x)
        maps = (x,) if self.out_indices == (0,) else (x, *self.maps(self.enter(x)))
        return tuple(maps[i] for i in self.out_indices)

    def train(self, mode: bool = True) -> "BNInception":
        """Set the mode; what is frozen stays in that of testing."""
        super().train(mode)
        self._freeze()
        if mode and self.norm_eval:
            norms_to_eval(self)
        return self

    def _freeze(self) -> None:
        """Fix the weights and norm statistics of the frozen parts."""
        parts = [self.conv1, self.conv2, self.conv3] if self.frozen_stages >= 0 else []
        parts += [
            self.get_submodule(name)
            for name in self.blocks
            if int(name[-2]) - 2 <= self.frozen_stages
        ]
        for part in parts:
            part.eval().requires_grad_(False)

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args: object) -> None:
        """Load, torchvision's GoogLeNet weights as well."""
        take_googlenet(self, state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *args)
