"""Attention of feature maps over stored features: the two kinds of PTM, Eq. 1 and Eq. 2."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

MAX_WEIGHTS = 2**22
"""Largest number of weights that are in memory at a time: 16 MiB in single precision (choice:
about what a CPU's caches hold)."""

Weigh = Callable[[Tensor, Tensor], Tensor]
"""From queries (..., n, d) and keys (..., l, d) to weights (..., n, l)."""


def vanilla_weights(queries: Tensor, keys: Tensor) -> Tensor:
    """Softmax over the keys of s = k . q (PTM Eq. 1, uncrowded), not scaled, as there.

    Args:
        queries: (..., n, d).
        keys: (..., l, d).

    Returns:
        (..., n, l), each query's weights sum up to 1.
    """
    return (queries @ keys.transpose(-1, -2)).softmax(-1)


def coda_weights(queries: Tensor, keys: Tensor) -> Tensor:
    """tanh(s) * 2 sigmoid(d) with s = k . q and d = -|k - q|_1 (PTM Eq. 1, crowded).

    The L1 distances come without the tensor of n * l * d differences.

    Args:
        queries: (..., n, d) float32 or float64.
        keys: (..., l, d).

    Returns:
        (..., n, l) in (-1, 1), not normalised.
    """
    similarity = queries @ keys.transpose(-1, -2)
    distance = torch.cdist(queries, keys, p=1.0)
    if torch.is_grad_enabled() and similarity.requires_grad:
        return similarity.tanh() * (2 * (-distance).sigmoid())
    return similarity.tanh_().mul_(distance.neg_().sigmoid_().mul_(2))


def vanilla_attention(
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    valid: Tensor | None = None,
    *,
    max_weights: int = MAX_WEIGHTS,
) -> Tensor:
    """Mean of the values by :func:`vanilla_weights` (PTM Eq. 2).

    Args:
        queries: (B, N, n, d), N heads.
        keys: (B, N, l, d).
        values: (B, N, l, c).
        valid: (B, l) bool, False for keys that are padding; None: all are valid. Each of the B
            needs a valid one.
        max_weights: On a CPU, largest number of weights that are computed at a time. On a GPU
            the fused kernels of torch keep no weights.

    Returns:
        (B, N, n, c), in the values' precision.
    """
    queries, keys = queries.to(values.dtype), keys.to(values.dtype)

    def attend(q: Tensor, k: Tensor, v: Tensor, valid: Tensor | None) -> Tensor:
        mask = None if valid is None else valid[:, None, None]
        return functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=1.0)

    if queries.device.type != "cpu":
        return attend(queries, keys, values, valid)
    return _in_chunks(attend, queries, keys, values, valid, max_weights)


def coda_attention(
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    valid: Tensor | None = None,
    *,
    max_weights: int = MAX_WEIGHTS,
) -> Tensor:
    """Sum of the values by :func:`coda_weights` (PTM Eq. 2).

    Weights and sums are at least of single precision, whatever the inputs have: the weights are
    not normalised, so that sums over many cells leave the range of half precision.

    Args:
        queries: (B, N, n, d), N heads.
        keys: (B, N, l, d).
        values: (B, N, l, c).
        valid: (B, l) bool, False for keys that are padding; None: all are valid.
        max_weights: Largest number of weights that are computed at a time.

    Returns:
        (B, N, n, c), float32 or float64.
    """

    def attend(q: Tensor, k: Tensor, v: Tensor, valid: Tensor | None) -> Tensor:
        weights = coda_weights(_single(q), _single(k))
        if valid is not None:
            weights = weights.masked_fill(~valid[:, None, None], 0)
        return weights @ _single(v)

    with torch.autocast(queries.device.type, enabled=False):
        return _in_chunks(attend, queries, keys, values, valid, max_weights)


def _single(x: Tensor) -> Tensor:
    """At least single precision."""
    return x if x.dtype == torch.float64 else x.float()


def _in_chunks(
    attend: Callable[..., Tensor],
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    valid: Tensor | None,
    max_weights: int,
) -> Tensor:
    """Some people at a time, and where one is too much, some queries at a time."""
    people, heads, num_queries, _ = queries.shape
    each = heads * num_queries * keys.shape[2]
    if each <= max_weights:
        step, width = max(max_weights // max(each, 1), 1), num_queries
    else:
        step, width = 1, max(max_weights // (heads * keys.shape[2]), 1)
    found = []
    for first in range(0, people, step):
        rows = slice(first, first + step)
        mask = None if valid is None else valid[rows]
        parts = [
            attend(queries[rows, :, start : start + width], keys[rows], values[rows], mask)
            for start in range(0, num_queries, width)
        ]
        found.append(parts[0] if len(parts) == 1 else torch.cat(parts, 2))
    return found[0] if len(found) == 1 else torch.cat(found)
