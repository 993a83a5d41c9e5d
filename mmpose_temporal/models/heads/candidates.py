"""Where a keypoint may be: local maxima of heatmaps, and the features at places of a map."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

OFF_CENTRE = 0.25
"""A maximum lies this far towards its higher neighbour, in cells, as mmpose decodes heatmaps."""


@dataclass(frozen=True, slots=True)
class KeypointCandidates:
    """At most n places for each of the K keypoints of B people, the best response first.

    The first one is always there: the arg max of the heatmap (TKMR Eq. 1).

    Attributes:
        cells: (B, K, n, 2) int64, x and y in heatmap cells; (0, 0) if there are fewer than n.
        scores: (B, K, n) float, responses of the heatmap; -inf if there are fewer than n.
    """

    cells: Tensor
    scores: Tensor

    @property
    def valid(self) -> Tensor:
        """(B, K, n) bool: there is such a candidate."""
        return torch.isfinite(self.scores)


def local_maxima(heatmaps: Tensor, *, num: int = 16, kernel: int = 3) -> KeypointCandidates:
    """Local maxima after non-maximum suppression, on the heatmaps' device.

    A cell is a local maximum if no response in the ``kernel`` x ``kernel`` window around it is
    higher and at least one is lower, so that flat regions have none. The arg max of a heatmap
    (the first of equal ones) is its first candidate in any case.

    Args:
        heatmaps: (B, K, H, W) float.
        num: n, candidates of a keypoint at most. The paper uses 16.
        kernel: Side of the window in cells, odd. The paper names no size: 3, the smallest, keeps
            the most maxima (choice).

    Returns:
        The candidates, those with the highest responses.

    Raises:
        ValueError: ``num`` < 1, or ``kernel`` is not an odd number >= 3.
    """
    if num < 1:
        raise ValueError(f"num must be 1 candidate or more, got {num}")
    if kernel < 3 or kernel % 2 == 0:
        raise ValueError(f"kernel must be odd and 3 or more, got {kernel}")
    width = heatmaps.shape[-1]
    highest = functional.max_pool2d(heatmaps, kernel, stride=1, padding=kernel // 2)
    lowest = -functional.max_pool2d(-heatmaps, kernel, stride=1, padding=kernel // 2)
    is_maximum = (heatmaps == highest) & (heatmaps > lowest)
    flat = heatmaps.flatten(2)
    ranks = flat.masked_fill(~is_maximum.flatten(2), float("-inf"))
    best = flat.argmax(-1, keepdim=True)
    ranks = ranks.scatter(-1, best, float("inf"))
    ranks, cells = ranks.topk(min(num, flat.shape[-1]), dim=-1)
    scores = flat.gather(-1, cells).masked_fill(ranks == float("-inf"), float("-inf"))
    cells = cells.masked_fill(ranks == float("-inf"), 0)
    if cells.shape[-1] < num:
        missing = (0, num - cells.shape[-1])
        cells = functional.pad(cells, missing)
        scores = functional.pad(scores, missing, value=float("-inf"))
    cells = torch.stack([cells % width, torch.div(cells, width, rounding_mode="floor")], -1)
    return KeypointCandidates(cells=cells, scores=scores)


def gather_features(maps: Tensor, cells: Tensor) -> Tensor:
    """Feature vectors at places of feature maps.

    Args:
        maps: (B, C, H, W).
        cells: (B, ..., 2) int64, x and y, inside the map.

    Returns:
        (B, ..., C).
    """
    batch, channels, _, width = maps.shape
    index = (cells[..., 1] * width + cells[..., 0]).reshape(batch, 1, -1)
    found = maps.flatten(2).gather(2, index.expand(-1, channels, -1))
    return found.transpose(1, 2).reshape(*cells.shape[:-1], channels)


def off_centre(heatmaps: Tensor, cells: Tensor) -> Tensor:
    """Places of maxima below the size of a cell: a quarter towards the higher neighbour.

    Args:
        heatmaps: (B, K, H, W) float.
        cells: (B, K, n, 2) int64.

    Returns:
        (B, K, n, 2) float, x and y in heatmap cells; on the border of the map the axis that
        lacks a neighbour stays as it is.
    """
    height, width = heatmaps.shape[-2:]
    flat = heatmaps.flatten(2)
    x, y = cells.unbind(-1)

    def response(x: Tensor, y: Tensor) -> Tensor:
        index = y.clamp(0, height - 1) * width + x.clamp(0, width - 1)
        return flat.gather(2, index.flatten(2)).view_as(x)

    slope_x = response(x + 1, y) - response(x - 1, y)
    slope_y = response(x, y + 1) - response(x, y - 1)
    slope_x = slope_x.masked_fill((x == 0) | (x == width - 1), 0)
    slope_y = slope_y.masked_fill((y == 0) | (y == height - 1), 0)
    return cells + OFF_CENTRE * torch.stack([slope_x, slope_y], -1).sign()


def mirror_cells(cells: Tensor, width: int, *, shift: bool = False) -> Tensor:
    """The cells of a mirrored crop's heatmap that mmpose's ``flip_heatmaps`` puts at these.

    Args:
        cells: (..., 2) int64, x and y in cells of the heatmap that was mirrored back.
        width: W of the heatmap.
        shift: mmpose's ``shift_heatmap``: the response at x is that of x - 1, the first stays.

    Returns:
        (..., 2) int64, x and y in cells of the mirrored crop's heatmap.
    """
    x, y = cells.unbind(-1)
    if shift:
        x = (x - 1).clamp(min=0)
    return torch.stack([width - 1 - x, y], -1)
