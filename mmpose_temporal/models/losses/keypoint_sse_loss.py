"""TKMR's pose loss."""

from mmpose.models.losses import KeypointMSELoss
from mmpose.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class KeypointSSELoss(KeypointMSELoss):
    """Mean over people and keypoints of the sum of squared errors of a heatmap (TKMR Eq. 2).

    mmpose's KeypointMSELoss is the mean over the H x W cells too, so it is smaller by that
    factor (6912 for heatmaps of 96x72), and a learning rate for one is none for the other: the
    paper's 1e-3 with SGD goes with this one. Invisible keypoints (weight 0) add nothing and
    count in the mean, in both.

    Args:
        use_target_weight: Weigh by visibility, v in Eq. 2.
        **kwargs: As for mmpose's loss.
    """

    def __init__(self, *, use_target_weight: bool = True, **kwargs):
        super().__init__(use_target_weight=use_target_weight, **kwargs)

    def forward(
        self,
        output: Tensor,
        target: Tensor,
        target_weights: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Loss of heatmaps.

        Args:
            output: (N, K, H, W) predicted.
            target: (N, K, H, W).
            target_weights: (N, K) or (N, K, H, W).
            mask: (N, K, H, W) or (N, 1, H, W), cells that count.

        Returns:
            Scalar.
        """
        cells = output.shape[-2] * output.shape[-1]
        return super().forward(output, target, target_weights, mask) * cells
