"""Whether a memory (PTM) helps, what could help at all, and where its attention falls.

Nothing of this is in the paper. An oracle that knows the true motion of each keypoint says what
the previous crop holds; a memory that gets less out of it does not find the place.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .functional.average_precision import JointDetections
from .functional.hidden_joints import HiddenDetections, hidden_figures

NEAR = 1
"""Cells, in x and in y, by which attention may miss a place."""


def place_shares(keypoints: np.ndarray, centers: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Where keypoints lie in crops that are not rotated.

    Args:
        keypoints: (B, K, 2), image pixels.
        centers: (B, 2), of the crops, image pixels.
        scales: (B, 2), width and height of what the crops show, image pixels.

    Returns:
        (B, K, 2), shares of the crop's width and height; outside of it they are not in [0, 1).
    """
    return (keypoints - centers[:, None]) / scales[:, None] + 0.5


def cells_at(shares: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The cells of a map that places lie in.

    Args:
        shares: (..., 2), see :func:`place_shares`; NaN: unknown.
        size: h and w of the map.

    Returns:
        (...) int64, y * w + x; -1 of a place outside of the crop or unknown.
    """
    height, width = size
    inside = ((shares >= 0) & (shares < 1)).all(-1)
    cells = np.where(inside[..., None], shares * np.array([width, height]), 0).astype(np.int64)
    return np.where(inside, cells[..., 1] * width + cells[..., 0], -1)


def move_maps(maps: Tensor, motion: Tensor) -> Tensor:
    """Move each map by a whole number of cells; what comes in from beyond the border is 0.

    Args:
        maps: (B, K, H, W).
        motion: (B, K, 2) int64, x and y: what was in cell (0, 0) is in cell ``motion`` then.
    """
    height, width = maps.shape[-2:]
    x = torch.arange(width, device=maps.device) - motion[..., :1]
    y = torch.arange(height, device=maps.device) - motion[..., 1:]
    inside = ((y >= 0) & (y < height))[..., None] & ((x >= 0) & (x < width))[..., None, :]
    rows = y.clamp(0, height - 1)[..., None].expand(-1, -1, -1, width)
    columns = x.clamp(0, width - 1)[..., None, :].expand(-1, -1, height, -1)
    return torch.where(inside, maps.gather(2, rows).gather(3, columns), 0)


def with_previous(
    maps: Tensor,
    previous: np.ndarray,
    share: float,
    places: np.ndarray | None = None,
    *,
    seen_as: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """The weighted means of the heatmaps of crops and of those of their previous crops.

    Args:
        maps: (B, K, H, W).
        previous: (B,) int64, the position of each crop's previous one; -1: it has none.
        share: Weight of the crop's own heatmaps; 1 - ``share`` is the other's.
        places: (B, K, 2), where each keypoint truly is (:func:`place_shares`), NaN where unknown:
            each previous heatmap is moved by the motion of its keypoint, in whole cells. None:
            the same cells.
        seen_as: What is done to the previous heatmaps (moved, if they are) before the mean; it
            keeps their shape.

    Returns:
        (B, K, H, W). Without a previous crop, or where the motion is unknown, the crop's own.
    """
    earlier = torch.from_numpy(np.maximum(previous, 0)).to(maps.device)
    known = np.broadcast_to((previous >= 0)[:, None], maps.shape[:2])
    before = maps[earlier]
    if places is not None:
        motion = (places - places[np.maximum(previous, 0)]) * np.array(maps.shape[:1:-1])
        known = known & np.isfinite(motion).all(-1)
        motion = np.where(known[..., None], np.rint(motion), 0).astype(np.int64)
        before = move_maps(before, torch.from_numpy(motion).to(maps.device))
    if seen_as is not None:
        before = seen_as(before)
    mixed = share * maps + (1 - share) * before
    return torch.where(
        torch.from_numpy(known.copy()).to(maps.device)[..., None, None], mixed, maps
    )


def found_figures(
    scores: np.ndarray, right: np.ndarray, annotated: np.ndarray, hidden: np.ndarray
) -> dict[str, float]:
    """How many of the hidden and of the seen joints were found, all keypoints together.

    Args:
        scores: (P, K), of the keypoints that were found.
        right: (P, K) bool, at their place.
        annotated: (P, K) bool; the others do not count.
        hidden: (P, K) bool.

    Returns:
        :data:`~.functional.hidden_joints.HIDDEN_FIGURES` in percent; NaN of no joint. AP is the
        area under the envelope of the precision over the recall, by falling score.
    """

    def part(chosen: np.ndarray) -> JointDetections:
        return JointDetections(
            scores=scores[chosen].astype(np.float64),
            joints=np.zeros(int(chosen.sum()), np.int64),
            correct=right[chosen],
            num_truth=np.array([chosen.sum()]),
        )

    counts = HiddenDetections(part(annotated & hidden), part(annotated & ~hidden))
    return {name: float(values[0]) for name, values in hidden_figures(counts).items()}


@dataclass(frozen=True, slots=True, eq=False)
class AttentionPeaks:
    """Where the attention of joints falls in the newest entry of their person.

    J joints, whose true places in the crop that reads and in that of the entry are known. Cells
    are y * w + x of the memory's grid.

    Attributes:
        query: (J,) int64, the cell of the true place in the crop that reads.
        place: (J,) int64, that of the true place in the entry's crop.
        peaks: (J, 1 + N) int64, the cell with the largest weight: of the mean of the N heads,
            then of each head.
        weight: (J,), the share of :func:`attention_near`.
        hidden: (J,) bool, in the crop that reads.
    """

    query: np.ndarray
    place: np.ndarray
    peaks: np.ndarray
    weight: np.ndarray
    hidden: np.ndarray

    @classmethod
    def cat(cls, parts: Sequence["AttentionPeaks"]) -> "AttentionPeaks":
        """Those of all parts, one or more."""
        names = [field.name for field in fields(cls)]
        return cls(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))


def attention_peaks(weights: Tensor, query: np.ndarray) -> np.ndarray:
    """The cells of an entry to which cells attend most.

    Args:
        weights: (B, N, l, n), of N heads, of each of l cells over the n cells of the entry.
        query: (B, K) int64, cells that attend.

    Returns:
        (B, K, 1 + N) int64: by the mean of the heads, and by each head. Of equal weights the
        first cell.
    """
    picked = _of_cells(weights, query)
    both = torch.cat([picked.mean(1, keepdim=True), picked], 1)
    return both.cpu().numpy().argmax(-1).transpose(0, 2, 1)


def attention_near(
    weights: Tensor, query: np.ndarray, place: np.ndarray, width: int
) -> np.ndarray:
    """How much of the attention over an entry falls within :data:`NEAR` cells of a place.

    Args:
        weights: See :func:`attention_peaks`; negative ones (CoDA) do not count.
        query: Likewise.
        place: (B, K) int64, cells of the entry.
        width: w of the grid.

    Returns:
        (B, K) float32, shares of the weights in this entry, of all heads together; 0 without
        positive weights.
    """
    picked = _of_cells(weights, query).clamp(min=0).sum(1).cpu().numpy()
    near = are_near(np.arange(picked.shape[-1]), place[..., None], width)
    total = picked.sum(-1)
    return np.divide((picked * near).sum(-1), total, out=np.zeros_like(total), where=total > 0)


def _of_cells(weights: Tensor, query: np.ndarray) -> Tensor:
    """(B, N, K, n) of weights (B, N, l, n) and cells (B, K)."""
    rows = torch.from_numpy(query).to(weights.device)[:, None, :, None]
    return weights.gather(2, rows.expand(-1, weights.shape[1], -1, weights.shape[-1]))


def are_near(cells: np.ndarray, others: np.ndarray, width: int) -> np.ndarray:
    """Whether cells are at most :data:`NEAR` apart in x and in y; bool, broadcast."""
    x = np.abs(cells % width - others % width)
    y = np.abs(cells // width - others // width)
    return (x <= NEAR) & (y <= NEAR)


def attention_figures(found: AttentionPeaks, size: tuple[int, int]) -> dict[str, dict[str, Any]]:
    """How often attention falls on the place of the joint, within :data:`NEAR` cells.

    Args:
        found: Of all joints.
        size: h and w of the memory's grid.

    Returns:
        Group (``hidden``, ``seen``; and of either those that have ``moved``, by more than
        :data:`NEAR` cells of the crop) -> ``joints``, their number, and shares, NaN of no joint:
        ``peak``, by the mean of the heads; ``heads``, a list, by each; ``weight``, the mean of
        the share of the weights there; ``same_cell``, if every joint attended to its own cell;
        ``chance``, if to any cell alike.
    """
    height, width = size
    right = are_near(found.peaks, found.place[:, None], width)
    same = are_near(found.query, found.place, width)
    y, x = np.divmod(found.place, width)
    around = (np.minimum(x + NEAR, width - 1) - np.maximum(x - NEAR, 0) + 1) * (
        np.minimum(y + NEAR, height - 1) - np.maximum(y - NEAR, 0) + 1
    )
    groups = dict(hidden=found.hidden, seen=~found.hidden)
    groups |= {f"{name}, moved": mask & ~same for name, mask in groups.items()}
    figures = {}
    for name, mask in groups.items():
        by_peak = [_mean(column) for column in right[mask].T]
        figures[name] = dict(
            joints=int(mask.sum()),
            peak=by_peak[0],
            heads=by_peak[1:],
            weight=_mean(found.weight[mask]),
            same_cell=_mean(same[mask]),
            chance=_mean(around[mask] / (height * width)),
        )
    return figures


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else float("nan")
