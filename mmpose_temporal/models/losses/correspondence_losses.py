"""Losses of correspondences, all choices: the paper's training section is not public."""

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F


@MODELS.register_module()
class AffinityLoss(nn.Module):
    """Negative log likelihood of the place of each point, under its affinity.

    A point lies between four cells, and its likelihood is shared by them as in bilinear
    interpolation: the loss is the cross entropy of these shares and the affinity.

    Args:
        loss_weight: Factor.
    """

    def __init__(self, loss_weight: float = 1.0):
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, logits: Tensor, cells: Tensor, visible: Tensor) -> Tensor:
        """The mean over the visible points.

        Args:
            logits: (B, Q, h, w), before the softmax over the cells.
            cells: (B, Q, 2) float, where the points are.
            visible: (B, Q) bool; others have no place, so they say nothing here.

        Returns:
            A number; 0, with a gradient of 0, where no point is visible.
        """
        height, width = logits.shape[-2:]
        logs = logits.float().flatten(-2).log_softmax(-1)
        last = torch.tensor([width - 1, height - 1], device=cells.device)
        places = torch.minimum(cells.float().nan_to_num(0).clamp(min=0), last.float())
        low = places.floor().long().minimum(last)
        high = (low + 1).minimum(last)
        share = places - low
        loss = 0
        for x, y, weight in (
            (low[..., 0], low[..., 1], (1 - share).prod(-1)),
            (high[..., 0], low[..., 1], share[..., 0] * (1 - share[..., 1])),
            (low[..., 0], high[..., 1], (1 - share[..., 0]) * share[..., 1]),
            (high[..., 0], high[..., 1], share.prod(-1)),
        ):
            loss = loss - weight * logs.gather(-1, (y * width + x)[..., None])[..., 0]
        return self.loss_weight * (loss * visible).sum() / visible.sum().clamp(min=1)


@MODELS.register_module()
class ConfidenceLoss(nn.Module):
    """Binary cross entropy of confidences with a Gaussian where the point is.

    The target of a point that is occluded or outside the frame is zero everywhere. The loss of a
    point is the sum over its cells, since its Gaussian covers a few of thousands.

    Args:
        sigma: Of the Gaussian, cells.
        loss_weight: Factor.

    Raises:
        ValueError: ``sigma`` is not positive.
    """

    def __init__(self, sigma: float = 1.0, loss_weight: float = 0.05):
        super().__init__()
        if sigma <= 0:
            raise ValueError(f"sigma must be positive, got {sigma}")
        self.sigma = sigma
        self.loss_weight = loss_weight

    def target(self, cells: Tensor, visible: Tensor, height: int, width: int) -> Tensor:
        """(..., h, w) of (..., 2) float cells and (...) bool visible."""
        factors = []
        for axis, size in ((1, height), (0, width)):
            apart = torch.arange(size, device=cells.device) - cells[..., axis, None]
            factors.append(torch.exp(-apart.square() / (2 * self.sigma**2)))
        gauss = factors[0][..., :, None] * factors[1][..., None, :]
        return torch.where(visible[..., None, None], gauss, 0)

    def forward(self, logits: Tensor, cells: Tensor, valid: Tensor, visible: Tensor) -> Tensor:
        """The mean over the valid queries.

        Args:
            logits: (P, J, h, w).
            cells: (P, J, 2) float, where the points are.
            valid: (P, J) bool: there is a query.
            visible: (P, J) bool: and its point is in the frame and not occluded.

        Returns:
            A number; 0, with a gradient of 0, where no query is valid.
        """
        target = self.target(cells.float().nan_to_num(0), visible, *logits.shape[-2:])
        loss = F.binary_cross_entropy_with_logits(logits.float(), target, reduction="none")
        loss = loss.sum((-2, -1)) * valid
        return self.loss_weight * loss.sum() / valid.sum().clamp(min=1)
