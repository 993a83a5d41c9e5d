"""The skeleton as a graph, and a convolution on it."""

from collections.abc import Sequence

import numpy as np
import torch
from scipy.sparse.csgraph import shortest_path
from torch import Tensor, nn


def spatial_partition(
    num_joints: int, links: Sequence[tuple[int, int]], center: int
) -> np.ndarray:
    """Neighbourhood of each joint in the three parts of ST-GCN's spatial configuration.

    A joint's neighbours (links and the joint itself) are distinguished by their distance to the
    centre of the skeleton, in links: as far as the joint (its root part), nearer (centripetal)
    or farther (centrifugal). Yan et al., Spatial Temporal Graph Convolutional Networks, AAAI
    2018, section 3.4.

    Args:
        num_joints: J.
        links: Pairs of joints, 0 to J - 1.
        center: The joint that is used as the skeleton's centre.

    Returns:
        (3, J, J) float32; ``[p, i, j]`` is the weight of joint j in part p of joint i. Each
        joint's weights sum to 1 over parts and neighbours.

    Raises:
        ValueError: A link or the centre is no joint; a joint has no way to the centre.
    """
    pairs = np.array(links, dtype=np.int64).reshape(-1, 2)
    if ((pairs < 0) | (pairs >= num_joints)).any() or not 0 <= center < num_joints:
        raise ValueError(
            f"links and center must be joints 0 to {num_joints - 1}, got {pairs.tolist()} and "
            f"{center}"
        )
    linked = np.zeros((num_joints, num_joints), dtype=bool)
    linked[pairs[:, 0], pairs[:, 1]] = linked[pairs[:, 1], pairs[:, 0]] = True
    hops = shortest_path(linked, unweighted=True)[center]
    if np.isinf(hops).any():
        lost = np.flatnonzero(np.isinf(hops)).tolist()
        raise ValueError(f"no way along the links leads from joint {center} to joints {lost}")
    near = linked | np.eye(num_joints, dtype=bool)
    weights = near / near.sum(1, keepdims=True)
    nearer = hops[None] < hops[:, None]
    parts = np.stack([hops[None] == hops[:, None], nearer, hops[None] > hops[:, None]])
    return (weights * parts).astype(np.float32)


class GraphBlock(nn.Module):
    """Spatial graph convolution, plus what goes around it, batch normalisation, ReLU.

    Each part of a joint's neighbourhood has its own weights, and each edge in each part a
    learned importance that starts at 1. Absent joints give nothing to their neighbours and are
    0 afterwards, and batch statistics do not see them.

    Args:
        channels: C_in and C_out.
        partition: (P, J, J), from :func:`spatial_partition`.
        residual: Add the input (through a linear layer if the numbers of channels differ).
    """

    def __init__(self, channels: tuple[int, int], partition: Tensor, *, residual: bool = True):
        super().__init__()
        inside, outside = channels
        self.register_buffer("partition", partition, persistent=False)  # the config says it
        self.importance = nn.Parameter(torch.ones_like(partition))
        self.weights = nn.Linear(inside, outside * len(partition))
        self.norm = nn.BatchNorm1d(outside)
        self.around: nn.Module | None = None
        if residual and inside == outside:
            self.around = nn.Identity()
        elif residual:
            self.around = nn.Linear(inside, outside, bias=False)

    def forward(self, features: Tensor, present: Tensor) -> Tensor:
        """(M, J, C_in) to (M, J, C_out); ``present`` (M, J) bool."""
        seen = present[..., None].to(features.dtype)
        parts = (self.weights(features) * seen).unflatten(-1, (len(self.partition), -1))
        mixed = torch.einsum("pij,mjpc->mic", self.partition * self.importance, parts)
        if self.around is not None:
            mixed = mixed + self.around(features)
        result = torch.zeros_like(mixed)
        if present.any():
            result[present] = self.norm(mixed[present])
        return result.relu() * seen
