"""Predicted and wanted offsets at the cells of annotated keypoints."""

from collections.abc import Sequence

import torch
from torch import Tensor


def targets_around(
    maps: Tensor,
    cells: Tensor,
    offsets: Tensor,
    weights: Tensor,
    cell_size: Sequence[float],
    radius: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Read maps of offsets at the cells of keypoints and at those around them.

    n = (2 radius + 1)^2 cells of each keypoint.

    Args:
        maps: (B, 2K, H, W) predicted, those of x first.
        cells: (B, K, 2) int64, x and y of the keypoint's cell.
        offsets: (B, K, 2), from the centre of that cell to the keypoint, pixels.
        weights: (B, K).
        cell_size: Width and height of a cell in pixels.
        radius: 0 or more.

    Returns:
        (B, K, n, 2) predicted, (B, K, n, 2) wanted, both float32 in pixels; and (B, K, n, 1)
        weights, 0 of cells outside of the maps.
    """
    count, double, height, width = maps.shape
    steps = torch.arange(-radius, radius + 1, device=maps.device)
    around = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), dim=-1).reshape(-1, 2)
    places = cells[:, :, None] + around
    limits = places.new_tensor([width, height])
    inside = ((places >= 0) & (places < limits)).all(dim=-1)
    index = (places[..., 1] * width + places[..., 0]).where(inside, 0)
    flat = maps.reshape(count, 2, double // 2, height * width)
    found = flat.gather(3, index[:, None].expand(-1, 2, -1, -1)).float().permute(0, 2, 3, 1)
    size = offsets.new_tensor([float(side) for side in cell_size])
    wanted = offsets[:, :, None] - around * size
    return found, wanted, (weights[..., None] * inside)[..., None]
