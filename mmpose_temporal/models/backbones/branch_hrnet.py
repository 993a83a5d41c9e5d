"""HRNet that also gives the maps of its lower resolutions."""

from functools import partial

from mmpose.models.backbones import HRNet
from mmpose.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class BranchHRNet(HRNet):
    """HRNet with the maps of its last branches before those of its last stage.

    HRNet for poses answers the map of stride 4 alone: the others go into it, and fusing them as
    well (``multiscale_output``) takes weights that no checkpoint for poses has. What its four
    branches give before that last fusion is trained like the rest: strides 4, 8, 16, 32 with 48,
    96, 192, 384 channels in HRNet-W48. A head takes one of them with ``in_index`` from 0 to 3,
    so that matching may work from stride 32 up, for a fraction of the time. Heads that take the
    last map, as mmpose's HeatmapHead, see what they see with HRNet, and checkpoints are HRNet's.

    Args:
        **options: Those of mmpose's HRNet.
    """

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Features.

        Args:
            x: (B, 3, h, w), normalised.

        Returns:
            (B, C_i, h / s, w / s) of the branches, s = 4, 8, 16, 32, then HRNet's own maps.
        """
        branches = self.stage4[-1].branches
        found: list[Tensor | None] = [None] * len(branches)

        def keep(i: int, _module: object, _inputs: object, out: Tensor) -> None:
            found[i] = out

        hooks = [
            branch.register_forward_hook(partial(keep, i)) for i, branch in enumerate(branches)
        ]
        try:
            feats = super().forward(x)
        finally:
            for hook in hooks:
                hook.remove()
        return (*found, *feats)
