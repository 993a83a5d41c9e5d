"""HRNet that also gives the features of its first layer."""

from mmpose.models.backbones import HRNet
from mmpose.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class StemHRNet(HRNet):
    """HRNet with its first layer's features before those of its last stage.

    Matching needs to know how people look. A narrow HRNet that is trained for poses only keeps
    little of that in its last features, its first layer (stride 4, 64 channels, 256 with four
    blocks) still has it: a head takes it with ``in_index=0``. Heads that take the last map, as
    mmpose's HeatmapHead, see what they see with HRNet, and checkpoints are HRNet's.

    Args:
        **options: Those of mmpose's HRNet.
    """

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Features.

        Args:
            x: (B, 3, h, w), normalised.

        Returns:
            (B, C, h / 4, w / 4) of ``layer1``, then HRNet's own maps.
        """
        first: list[Tensor] = []
        hook = self.layer1.register_forward_hook(lambda _, __, out: first.append(out))
        try:
            feats = super().forward(x)
        finally:
            hook.remove()
        return (first[0], *feats)
