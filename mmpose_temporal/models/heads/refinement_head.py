"""New responses for places where a keypoint may be."""

from collections.abc import Sequence

import torch
from mmcv.cnn import build_conv_layer
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor

from .blocks import basic_blocks, select_map


@MODELS.register_module()
class KeypointRefinementHead(BaseModule):
    """TKMR's refinement module: the structure of the prediction module, used at candidates only.

    Three blocks [deconv x2, BN, ReLU] give the feature map H; a 1x1 convolution would make
    heatmaps of it, and its row k gives the response of keypoint k at any feature vector, as the
    aggregated ones of Eq. 6 (section 3.3; supplement, Table 2).

    Args:
        in_channels: Channels of the backbone's feature map.
        num_keypoints: K.
        channels: C of every layer; 256 in the paper.
        upsample: As for :class:`MatchingHead`.
        in_index: Which of the feature maps; the last one by default.
        init_cfg: As in mmengine. None: as mmpose's HeatmapHead.

    Raises:
        ValueError: An option out of its range.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        num_keypoints: int = 17,
        channels: int = 256,
        upsample: Sequence[int] = (2, 2, 2),
        in_index: int = -1,
        init_cfg: dict | list | None = None,
    ):
        if init_cfg is None:
            init_cfg = [
                dict(type="Normal", layer=["Conv2d", "ConvTranspose2d"], std=0.001),
                dict(type="Constant", layer="BatchNorm2d", val=1),
            ]
        super().__init__(init_cfg)
        self.num_keypoints = num_keypoints
        self.channels = channels
        self.in_index = in_index
        self.blocks = basic_blocks(in_channels, channels, upsample)
        self.final_layer = build_conv_layer(
            dict(type="Conv2d", kernel_size=1), channels, num_keypoints
        )

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """The features H.

        Args:
            feats: Feature maps of the backbone, (B, C_i, H_i, W_i) each.

        Returns:
            (B, C, H, W), at the heatmaps' resolution.
        """
        return self.blocks(select_map(feats, self.in_index))

    def responses(self, features: Tensor) -> Tensor:
        """What the 1x1 convolution answers for keypoint k at features meant for keypoint k.

        Args:
            features: (..., K, n, C).

        Returns:
            (..., K, n): row k of the convolution on the n features of keypoint k.
        """
        weight = self.final_layer.weight.flatten(1)
        return torch.einsum("...knc,kc->...kn", features, weight) + self.final_layer.bias[:, None]
