"""What the heads of matching and refinement have in common: features at the heatmaps' cells."""

import math
from collections.abc import Sequence
from typing import Any

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmpose_temporal.utils.training_mark import mark_until_ready, take_mark, without_marks

from .blocks import basic_blocks, select_map
from .cell_features import features_at


class FeatureHead(BaseModule):
    """Basic blocks that make a feature of every cell of the heatmap.

    It is ``ready`` once the estimator's ``temporal_loss`` trains it, or once all its tensors were
    loaded from a checkpoint that was saved after that.

    Args:
        in_channels: Channels of the backbone's feature map.
        channels: C of every layer; 256 in the paper.
        upsample: For each block 2 (deconv x2) or 1 (a stride-1 convolution in its place):
            ``(2, 2, 2)`` from stride 32, ``(1, 1, 1)`` on HRNet's stride 4 (choice).
        in_index: Which of the feature maps; the last one by default, as in mmpose's heads.
        num_convs: 3x3 convolutions before each block's last layer.
        init_cfg: As in mmengine.

    Raises:
        ValueError: An option out of its range.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        channels: int = 256,
        upsample: Sequence[int] = (2, 2, 2),
        in_index: int = -1,
        num_convs: int = 0,
        init_cfg: dict | list | None = None,
    ):
        super().__init__(init_cfg)
        self.channels = channels
        self.in_index = in_index
        self.upsample = tuple(upsample)
        mark_until_ready(self)
        self._register_load_state_dict_pre_hook(_read_mark, with_module=True)
        self.blocks = basic_blocks(in_channels, channels, upsample, num_convs=num_convs)

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """The features of all cells.

        Args:
            feats: Feature maps of the backbone, (B, C_i, H_i, W_i) each.

        Returns:
            (B, C, H, W), at the heatmaps' resolution.
        """
        return self.blocks(select_map(feats, self.in_index))

    def features_at(self, feats: Sequence[Tensor], cells: Tensor) -> Tensor:
        """The features of chosen cells, for less than :meth:`forward` if they are few.

        Args:
            feats: As in :meth:`forward`.
            cells: (B, ..., 2) int64, x and y in heatmap cells.

        Returns:
            (B, ..., C).
        """
        return features_at(self.blocks, select_map(feats, self.in_index), cells)

    def map_size(self, feats: Sequence[Tensor]) -> tuple[int, int]:
        """H and W of what :meth:`forward` answers, without computing it."""
        height, width = select_map(feats, self.in_index).shape[-2:]
        scale = math.prod(self.upsample)
        return scale * height, scale * width

    def check_size(self, feats: Sequence[Tensor], heatmaps: Tensor) -> None:
        """Check that the features have the heatmaps' cells.

        Args:
            feats: As in :meth:`forward`.
            heatmaps: (B, K, H, W).

        Raises:
            ValueError: They would have another size.
        """
        if self.map_size(feats) != tuple(heatmaps.shape[-2:]):
            raise ValueError(
                f"{type(self).__name__} answers {self.map_size(feats)} where the heatmaps are "
                f"{tuple(heatmaps.shape[-2:])} (h, w): set its upsample to the steps between "
                "backbone and heatmaps, as (2, 2, 2) from stride 32 to 4"
            )


def _read_mark(head: nn.Module, state_dict: dict[str, Tensor], prefix: str, *_: Any) -> None:
    """Whether the weights that are about to be loaded are trained ones."""
    untrained = take_mark(state_dict, prefix)
    if all(prefix + name in state_dict for name in without_marks(head.state_dict())):
        head.ready = not untrained
