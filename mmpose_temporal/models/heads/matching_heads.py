"""Features and classifiers that predict whether two poses are of one person."""

from typing import Any

import torch
from mmpose.registry import MODELS
from torch import Tensor

from .feature_head import FeatureHead
from .keypoint_classifiers import KeypointClassifiers


class MatchingHead(FeatureHead):
    """Blocks that make a matching feature of every cell of the heatmap, and classifiers.

    Three blocks of [3 x (3x3 conv, ReLU), deconv x2, BN, ReLU]: the supplement's Table 2. The
    main text has four; three is the number that ends at the heatmaps' resolution from stride 32.

    Args:
        in_channels: Channels of the backbone's feature map.
        num_classifiers: G.
        channels: C of every layer and of the classifiers; 256 in the paper.
        init_cfg: As in mmengine. None: Kaiming for convolutions, 1 for BN's weights.
        **options: ``upsample`` and ``in_index`` of :class:`FeatureHead`.

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
        init_cfg: dict | list | None = None,
        **options: Any,
    ):
        if init_cfg is None:
            init_cfg = [
                dict(type="Kaiming", layer=["Conv2d", "ConvTranspose2d"]),
                dict(type="Constant", layer="BatchNorm2d", val=1),
            ]
        super().__init__(
            in_channels=in_channels,
            channels=channels,
            num_convs=self.NUM_CONVS,
            init_cfg=init_cfg,
            **options,
        )
        self.classifiers = KeypointClassifiers(
            num_classifiers=num_classifiers, in_channels=channels, channels=channels
        )


@MODELS.register_module()
class KeypointMatchingHead(MatchingHead):
    """TKM: a classifier for each keypoint type, on features of single keypoints (section 3.2).

    Args:
        in_channels: Channels of the backbone's feature map.
        num_keypoints: K.
        **options: ``channels``, ``upsample``, ``in_index``, ``init_cfg`` of
            :class:`MatchingHead`.
    """

    def __init__(self, *, in_channels: int, num_keypoints: int = 17, **options: Any):
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

    def __init__(self, *, in_channels: int, **options: Any):
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
