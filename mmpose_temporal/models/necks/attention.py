"""Attention of feature maps over stored features: the two kinds of PTM, Eq. 1 and Eq. 2."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

MAX_WEIGHTS = 2**18
"""Largest number of weights that are computed at a time on a CPU: 1 MiB in single precision
(choice: it stays in a core's cache; a head of a person with 16 entries of 12 x 9 cells has
190,000)."""

MAX_WEIGHTS_GPU = 2**24
"""The same on other devices: 64 MiB (choice: 10 such people with 8 heads in one go, since each
call costs some microseconds)."""

MAX_WEIGHTS_GPU_TRAINING = 2**20
"""The same in training: there torch's gradient of the L1 distances builds the n * l * d
differences of a chunk, 128 MiB at 32 channels of a head's keys (choice)."""


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

    The L1 distances come without the tensor of n * l * d differences, and so does their gradient
    on a CPU. On a GPU torch builds it for the gradient.

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
    max_weights: int | None = None,
) -> Tensor:
    """Mean of the values by :func:`vanilla_weights` (PTM Eq. 2).

    Args:
        queries: (B, N, n, d), N heads.
        keys: (B, N, l, d), in any precision.
        values: (B, N, l, c), in any precision.
        valid: (B, l) bool, False for keys that are padding; None: all are valid. Each of the B
            needs a valid one.
        max_weights: On a CPU, largest number of weights that are computed at a time; None:
            :data:`MAX_WEIGHTS`. On a GPU the fused kernels of torch keep no weights.

    Returns:
        (B, N, n, c), in the queries' precision.
    """

    def attend(q: Tensor, k: Tensor, v: Tensor, valid: Tensor | None) -> Tensor:
        k, v = k.to(q.dtype), v.to(q.dtype)  # what is stored in half is converted by chunks
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
    max_weights: int | None = None,
) -> Tensor:
    """Sum of the values by :func:`coda_weights` (PTM Eq. 2).

    Weights and sums are at least of single precision, whatever the inputs have: the weights are
    not normalised, so that sums over many cells leave the range of half precision.

    Args:
        queries: (B, N, n, d), N heads.
        keys: (B, N, l, d).
        values: (B, N, l, c).
        valid: (B, l) bool, False for keys that are padding; None: all are valid.
        max_weights: Largest number of weights that are computed at a time. None: see
            :func:`default_max_weights`.

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


def default_max_weights(device: torch.device, *, training: bool) -> int:
    """Largest number of weights at a time: :data:`MAX_WEIGHTS` on a CPU, :data:`MAX_WEIGHTS_GPU`
    elsewhere, and :data:`MAX_WEIGHTS_GPU_TRAINING` there if gradients are wanted.
    """
    if device.type == "cpu":
        return MAX_WEIGHTS
    return MAX_WEIGHTS_GPU_TRAINING if training else MAX_WEIGHTS_GPU


def _single(x: Tensor) -> Tensor:
    """At least single precision."""
    return x if x.dtype == torch.float64 else x.float()


def _in_chunks(
    attend: Callable[..., Tensor],
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    valid: Tensor | None,
    max_weights: int | None,
) -> Tensor:
    """Some people at a time; some heads, where one person is too much; some queries, where one
    head is. The values of one person's heads are views, which need not be copied.
    """
    if max_weights is None:
        parts = queries, keys, values
        training = torch.is_grad_enabled() and any(x.requires_grad for x in parts)
        max_weights = default_max_weights(queries.device, training=training)
    total = queries.shape[:3].numel() * keys.shape[2]
    dim = next((dim for dim in range(3) if queries.shape[dim] > 1), None)
    if total <= max_weights or dim is None:
        return attend(queries, keys, values, valid)
    size = queries.shape[dim]
    step = max(max_weights * size // total, 1)
    found, parts = None, []
    for start in range(0, size, step):
        number = min(step, size - start)
        q, k, v, mask = queries.narrow(dim, start, number), keys, values, valid
        if dim < 2:
            k, v = (x.narrow(dim, start, number) for x in (keys, values))
        if dim == 0 and valid is not None:
            mask = valid[start : start + number]
        part = _in_chunks(attend, q, k, v, mask, max_weights)
        if part.requires_grad:
            parts.append(part)
            continue
        if found is None:  # filled in place, with the cells last, as feature maps are laid out
            people, heads, cells, _ = queries.shape
            found = part.new_empty((people, heads, part.shape[-1], cells)).transpose(2, 3)
        found.narrow(dim, start, number).copy_(part)
    return torch.cat(parts, dim) if found is None else found
