"""Features and classifiers that tell whether two poses are of one person."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor

from .blocks import basic_blocks, select_map
from .keypoint_classifiers import KeypointClassifiers


class MatchingHead(BaseModule):
    """Blocks that make a matching feature of every cell of the heatmap, and classifiers.

    Three blocks of [3 x (3x3 conv, ReLU), deconv x2, BN, ReLU]: the supplement's Table 2. The
    main text has four; three is the number that ends at the heatmaps' resolution from stride 32.

    Args:
        in_channels: Channels of the backbone's feature map.
        num_classifiers: G.
        channels: C of every layer; 256 in the paper.
        upsample: For each block 2 (deconv x2) or 1 (a stride-1 convolution in its place):
            ``(2, 2, 2)`` from stride 32, ``(1, 1, 1)`` on HRNet's stride 4 (choice).
        in_index: Which of the feature maps; the last one by default, as in mmpose's heads.
        init_cfg: As in mmengine. None: Kaiming for convolutions, 1 for BN's weights.

    Raises:
        ValueError: An option out of its range.
    """

    NUM_CONVS = 3

    def __init__(
        self,
        *,
        in_channels: int,
        num_classifiers: int,
        channels: int = 256,
        upsample: Sequence[int] = (2, 2, 2),
        in_index: int = -1,
        init_cfg: dict | list | None = None,
    ):
        if init_cfg is None:
            init_cfg = [
                dict(type="Kaiming", layer=["Conv2d", "ConvTranspose2d"]),
                dict(type="Constant", layer="BatchNorm2d", val=1),
            ]
        super().__init__(init_cfg)
        self.channels = channels
        self.in_index = in_index
        self.blocks = basic_blocks(in_channels, channels, upsample, num_convs=self.NUM_CONVS)
        self.classifiers = KeypointClassifiers(
            num_classifiers=num_classifiers, in_channels=channels, channels=channels
        )

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Matching features.

        Args:
            feats: Feature maps of the backbone, (B, C_i, H_i, W_i) each.

        Returns:
            (B, C, H, W), at the heatmaps' resolution.
        """
        return self.blocks(select_map(feats, self.in_index))


@MODELS.register_module()
class KeypointMatchingHead(MatchingHead):
    """TKM: a classifier for each keypoint type, on features of single keypoints (section 3.2).

    Args:
        in_channels: Channels of the backbone's feature map.
        num_keypoints: K.
        **options: ``channels``, ``upsample``, ``in_index``, ``init_cfg`` of
            :class:`MatchingHead`.
    """

    def __init__(self, *, in_channels: int, num_keypoints: int = 17, **options):
        super().__init__(in_channels=in_channels, num_classifiers=num_keypoints, **options)
        self.num_keypoints = num_keypoints


@MODELS.register_module()
class BodyMatchingHead(MatchingHead):
    """TBM: one classifier, on one feature of the whole body (method M4, section 4.3).

    The paper does not say how the feature vector of a body is made: the mean of the matching
    features at its keypoints (choice).

    Args:
        in_channels: Channels of the backbone's feature map.
        **options: ``channels``, ``upsample``, ``in_index``, ``init_cfg`` of
            :class:`MatchingHead`.
    """

    def __init__(self, *, in_channels: int, **options):
        super().__init__(in_channels=in_channels, num_classifiers=1, **options)

    @staticmethod
    def body_features(features: Tensor, present: Tensor) -> Tensor:
        """Mean over the keypoints that are present.

        Args:
            features: (..., K, C), at the keypoints.
            present: (..., K) bool.

        Returns:
            (..., 1, C), as the one classifier takes them; 0 for a body without keypoints.
        """
        weights = present.to(features.dtype)[..., None]
        total = (features * weights).sum(-2, keepdim=True)
        return total / torch.clamp(weights.sum(-2, keepdim=True), min=1)
