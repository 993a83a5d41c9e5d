"""Numbers in another floating-point precision."""

import torch
from torch import Tensor


def within_range(x: Tensor, dtype: torch.dtype) -> Tensor:
    """In another precision; what is beyond its range becomes the largest number that it has.

    Args:
        x: Of any shape.
        dtype: A floating-point type.
    """
    if x.dtype == dtype:
        return x
    limits = torch.finfo(dtype)
    if torch.finfo(x.dtype).max > limits.max:
        x = x.clamp(limits.min, limits.max)
    return x.to(dtype)
