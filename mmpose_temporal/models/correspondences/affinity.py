"""Affinities of the points of one frame with all places of another, as pure functions.

Cells are places of an embedding map, (x, y), the centre of the first one is (0, 0).
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

NORMALISATIONS = ("cosine", "squared_norm")
"""What an embedding vector is divided by, see :func:`normalised`."""

OWN_SHARE = 1e-3
"""How much more a cell's own affinity counts in :func:`nearby_mass` than those around it."""


def normalised(embedding: Tensor, normalisation: str) -> Tensor:
    """Divide every vector of an embedding by a function of its length.

    Args:
        embedding: (B, C, h, w).
        normalisation: ``'cosine'``: by its length, so that products are cosines (choice, with a
            temperature that is learned). ``'squared_norm'``: by the square of its length, as the
            authors' published code does: short vectors are certain, long ones are not.

    Returns:
        (B, C, h, w) float32.
    """
    embedding = embedding.float()
    if normalisation == "cosine":
        return F.normalize(embedding, dim=1)
    return embedding / embedding.square().sum(1, keepdim=True).clamp(min=1e-12)


def query_patches(embedding: Tensor, cells: Tensor, size: int) -> Tensor:
    """The surroundings of Q points, by one gather.

    Args:
        embedding: (B, C, h, w).
        cells: (B, Q, 2) int64, inside the map.
        size: Side of a patch, odd.

    Returns:
        (B, Q, C, size, size); zero outside the map.
    """
    batch, channels, _, width = embedding.shape
    reach = size // 2
    padded = F.pad(embedding, [reach] * 4).flatten(2)
    steps = torch.arange(size, device=cells.device)
    rows = cells[..., 1, None, None] + steps[:, None]
    places = rows * (width + 2 * reach) + cells[..., 0, None, None] + steps
    places = places.reshape(batch, 1, -1).expand(-1, channels, -1)
    patches = padded.gather(2, places).unflatten(2, (cells.shape[1], size, size))
    return patches.transpose(1, 2)


def correlation(target: Tensor, patches: Tensor) -> Tensor:
    """Inner product of every patch with the surroundings of every cell, by one convolution.

    Args:
        target: (B, C, h, w); zero outside.
        patches: (B, Q, C, s, s).

    Returns:
        (B, Q, h, w).
    """
    batch, queries, channels, size, _ = patches.shape
    if not queries:
        return target.new_zeros((batch, 0, *target.shape[2:]))
    maps = F.conv2d(
        target.reshape(1, batch * channels, *target.shape[2:]),
        patches.reshape(batch * queries, channels, size, size),
        padding=size // 2,
        groups=batch,
    )
    return maps.unflatten(1, (batch, queries))[0]


def affinities(logits: Tensor, valid: Tensor) -> Tensor:
    """Softmax over all cells of a frame.

    Args:
        logits: (..., h, w).
        valid: (...) bool; a query that is not valid has an affinity of zero everywhere.

    Returns:
        (..., h, w) float32; those of a valid query sum to 1.
    """
    shape = logits.shape
    maps = logits.float().flatten(-2).softmax(-1).reshape(shape)
    valid = valid[..., None, None]
    return maps * valid if maps.requires_grad else maps.mul_(valid)


def lift(affinity: Tensor) -> Tensor:
    """How far affinities are above chance: ``log(n a) / log(n)`` for n cells, 0 below chance.

    1: all the affinity is in this cell; 0: no more than everywhere. What the refinement sees
    (choice): affinities of thousands of cells are small numbers whose differences count on a
    logarithmic scale.

    Args:
        affinity: (..., h, w), >= 0.

    Returns:
        (..., h, w) in [0, 1]; zero where the affinity is zero.
    """
    count = affinity.shape[-1] * affinity.shape[-2]
    return (affinity * count).clamp(min=1).log() / math.log(max(count, 2))


def nearby_mass(affinity: Tensor) -> Tensor:
    """The affinity within one cell of each cell, (..., h, w) in [0, 1].

    As a confidence without a refinement (choice): the affinity of a point between four cells is
    shared by these, and so at most a quarter in each. Nine cells see all of the affinity that is
    in one cell; a thousandth of the value is the cell's own, so that this one is the highest.
    """
    single = affinity.reshape(-1, 1, *affinity.shape[-2:])
    mass = F.avg_pool2d(single, 3, stride=1, padding=1) * 9
    return torch.lerp(mass, single, OWN_SHARE).reshape(affinity.shape).clamp(max=1)


def peaks(maps: Tensor) -> tuple[Tensor, Tensor]:
    """The highest value of each map and its cell; of several, the first.

    Args:
        maps: (..., h, w).

    Returns:
        (...) values, and (..., 2) int64 cells (x, y).
    """
    values, index = maps.flatten(-2).max(-1)
    width = maps.shape[-1]
    return values, torch.stack([index % width, index // width], -1)


def between_cells(maps: Tensor, cells: Tensor) -> Tensor:
    """Where the peaks lie between the cells: the mean of the 3 x 3 cells around them.

    Args:
        maps: (..., h, w), >= 0; affinities rather than their :func:`nearby_mass`, which has no
            other side at a border and so would draw a point half a cell away from it.
        cells: (..., 2) int64, of :func:`peaks`.

    Returns:
        (..., 2) float, at most half a cell away from ``cells``; ``cells`` where the map is zero.
    """
    height, width = maps.shape[-2:]
    steps = torch.arange(-1, 2, device=maps.device)
    near = [cells[..., axis, None] + steps for axis in range(2)]  # (..., 3) columns, rows
    inside = [(near[0] >= 0) & (near[0] < width), (near[1] >= 0) & (near[1] < height)]
    columns, rows = near[0].clamp(0, width - 1), near[1].clamp(0, height - 1)
    places = (rows[..., :, None] * width + columns[..., None, :]).flatten(-2)
    weights = maps.flatten(-2).gather(-1, places).unflatten(-1, (3, 3))
    weights = weights * (inside[1][..., :, None] & inside[0][..., None, :])
    total = weights.sum((-2, -1)).clamp(min=1e-12)
    moved = [(weights.sum(axis) * steps).sum(-1) / total for axis in (-2, -1)]
    return cells + torch.stack(moved, -1).clamp(-0.5, 0.5)


def read_at(maps: Tensor, cells: Tensor) -> Tensor:
    """The values of maps at cells.

    Args:
        maps: (N, K, h, w).
        cells: (M, K, 2) int64, inside the maps: joint k is read in map k.

    Returns:
        (N, M, K).
    """
    places = cells[..., 1] * maps.shape[-1] + cells[..., 0]  # (M, K)
    places = places.T[None].expand(len(maps), -1, -1)
    return maps.flatten(2).gather(2, places).transpose(1, 2)
