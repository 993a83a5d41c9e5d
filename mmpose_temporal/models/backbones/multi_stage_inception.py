"""CorrTrack's pose network: stages that refine each other's heatmaps and offsets."""

from mmengine.model import BaseModule, bias_init_with_prob
from mmpose.registry import MODELS
from torch import Tensor, cat, nn

from mmpose_temporal.models.necks import InceptionDecoder

from .bn_inception import BNInception, InceptionBody, norms_to_eval
from .googlenet_weights import take_googlenet

PRIOR = 0.01
"""What a heatmap says everywhere before training (choice)."""


@MODELS.register_module()
class MultiStageInception(BaseModule):
    """Pose network of two stages (CorrTrack, supplement, section A).

    The stem's features (stride 4) go through a body to stride 32 and back up to 3K maps at stride
    4: K logits of heatmaps and 2K offsets. Each further stage has a body and a decoder of its own
    and sees the stem's features and the 3K maps of the stage before as they are, without sigmoid,
    as in the authors' published code. :class:`OffsetHeatmapHead` with ``in_channels=None`` trains
    all stages and decodes the last one.

    With two stages, K = 17 and a crop of 288x384: 39.4 M parameters and 13.5 GMAC (published
    code: 39.5 M and 13.4).

    Choice: logits begin at a probability of 0.01 with small weights, as those of
    :class:`OffsetHeatmapHead`. ImageNet weights as for :class:`BNInception`, which see for the
    normalisation too; they go to the bodies of all stages. The first convolutions of a later
    stage have another shape and take none.

    Args:
        num_keypoints: K.
        num_stages: One or more.
        width: Multiplier of all widths, see :class:`BNInception`.
        arch: See :class:`BNInception`.
        stem: See :class:`BNInception`.
        frozen_stages: See :class:`BNInception`; those of the stem and of the first stage.
        norm_eval: See :class:`BNInception`.
        norm_cfg: Of the norm layers. None: batch norm with ``eps=0.001``.
        init_cfg: As for mmengine's BaseModule.

    Raises:
        ValueError: A number is not positive, or an option has an unknown value.
    """

    def __init__(
        self,
        *,
        num_keypoints: int = 17,
        num_stages: int = 2,
        width: float = 1.0,
        arch: str = "bn_inception",
        stem: str = "stride4",
        frozen_stages: int = -1,
        norm_eval: bool = False,
        norm_cfg: dict | None = None,
        init_cfg: dict | list[dict] | None = None,
    ):
        super().__init__(init_cfg=init_cfg)
        if min(num_keypoints, num_stages) < 1:
            raise ValueError(
                "num_keypoints and num_stages must be positive, got "
                f"{num_keypoints} and {num_stages}"
            )
        common = dict(width=width, arch=arch, norm_cfg=norm_cfg)
        first = BNInception(stem=stem, frozen_stages=frozen_stages, norm_eval=norm_eval, **common)
        seen = first.stem_channels + 3 * num_keypoints
        others = [InceptionBody(seen, **common) for _ in range(num_stages - 1)]
        self.norm_eval = norm_eval
        self.bodies = nn.ModuleList([first, *others])
        self.decoders = nn.ModuleList(
            InceptionDecoder(
                in_channels=first.out_channels,
                out_channels=3 * num_keypoints,
                norm_cfg=first.norm_cfg,
            )
            for _ in range(num_stages)
        )
        for decoder in self.decoders:
            nn.init.normal_(decoder.out.weight, std=0.001)
            nn.init.zeros_(decoder.out.bias)
            nn.init.constant_(decoder.out.bias[:num_keypoints], bias_init_with_prob(PRIOR))

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Maps of each stage.

        Args:
            x: (B, 3, h, w), normalised; h and w multiples of 32.

        Returns:
            (B, 3K, h / 4, w / 4) for each stage: K logits, K offsets of x, K of y, in pixels.

        Raises:
            ValueError: h or w is no multiple of 32.
        """
        seen = stem = self.bodies[0].stem(x)
        stages = []
        for body, decoder in zip(self.bodies, self.decoders, strict=True):
            (maps,) = decoder(body.rest(body.enter(seen)))
            stages.append(maps)
            seen = cat([stem, maps], dim=1)
        return tuple(stages)

    def train(self, mode: bool = True) -> "MultiStageInception":
        """Set the mode; what is frozen stays in that of testing."""
        super().train(mode)
        if mode and self.norm_eval:
            norms_to_eval(self)
        return self

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args: object) -> None:
        """Load, torchvision's GoogLeNet weights as well."""
        parts = [f"bodies.{i}." for i in range(len(self.bodies))]
        take_googlenet(self, state_dict, prefix, parts)
        super()._load_from_state_dict(state_dict, prefix, *args)
