"""New responses for places where a keypoint may be."""

from collections.abc import Sequence
from typing import Any

import torch
from mmcv.cnn import build_conv_layer
from mmpose.registry import MODELS
from torch import Tensor

from .feature_head import FeatureHead


@MODELS.register_module()
class KeypointRefinementHead(FeatureHead):
    """TKMR's refinement module: the structure of the prediction module, used at candidates only.

    Three blocks [deconv x2, BN, ReLU] give the feature map H; a 1x1 convolution would make
    heatmaps of it, and its row k gives the response of keypoint k at any feature vector, as the
    aggregated ones of Eq. 6 (section 3.3; supplement, Table 2).

    Args:
        in_channels: Channels of the backbone's feature map.
        num_keypoints: K.
        channels: C of every layer; 256 in the paper.
        init_cfg: As in mmengine. None: as mmpose's HeatmapHead.
        **options: ``upsample`` and ``in_index`` of :class:`FeatureHead`.

    Raises:
        ValueError: An option out of its range.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        num_keypoints: int = 17,
        channels: int = 256,
        init_cfg: dict | list | None = None,
        **options: Any,
    ):
        if init_cfg is None:
            init_cfg = [
                dict(type="Normal", layer=["Conv2d", "ConvTranspose2d"], std=0.001),
                dict(type="Constant", layer="BatchNorm2d", val=1),
            ]
        super().__init__(in_channels=in_channels, channels=channels, init_cfg=init_cfg, **options)
        self.num_keypoints = num_keypoints
        self.final_layer = build_conv_layer(
            dict(type="Conv2d", kernel_size=1), channels, num_keypoints
        )

    def responses(self, features: Tensor, keypoints: Sequence[int] | None = None) -> Tensor:
        """What the 1x1 convolution returns for keypoint k at features meant for keypoint k.

        Args:
            features: (..., K, n, C).
            keypoints: K rows of the convolution to take instead of 0 to K - 1: those of the
                other side, for a mirrored crop.

        Returns:
            (..., K, n): row k of the convolution on the n features of keypoint k.
        """
        weight, bias = self.final_layer.weight.flatten(1), self.final_layer.bias
        if keypoints is not None:
            rows = list(keypoints)
            weight, bias = weight[rows], bias[rows]
        return torch.einsum("...knc,kc->...kn", features, weight) + bias[:, None]
