"""Named arrays with one row per person: selecting, joining and checking them together."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

Rows = np.ndarray | Tensor
"""An array or tensor with one row per person."""

NamedRows = dict[str, Rows]
"""Several of them, by name, about the same people."""


def select_rows(rows: Rows, index: np.ndarray | slice) -> Rows:
    """Rows of an array or tensor.

    Args:
        rows: (M, ...).
        index: (M,) bool, or integers, or a slice.
    """
    if isinstance(rows, Tensor) and not isinstance(index, slice):
        return rows[torch.from_numpy(np.ascontiguousarray(index)).to(rows.device)]
    return rows[index]


def select_all(rows: Mapping[str, Rows], index: np.ndarray | slice) -> NamedRows:
    """The same rows of each; see :func:`select_rows`."""
    return {name: select_rows(value, index) for name, value in rows.items()}


def cat_rows(parts: Sequence[Mapping[str, Rows]]) -> NamedRows:
    """The rows of all parts (at least one), in order.

    Raises:
        ValueError: The parts do not have the same names.
    """
    first = parts[0]
    for part in parts[1:]:
        if part.keys() != first.keys():
            different = sorted(first.keys() ^ part.keys())
            raise ValueError(f"rows to be joined must have the same names, not: {different}")
    return {
        name: (torch.cat if isinstance(value, Tensor) else np.concatenate)(
            [part[name] for part in parts]
        )
        for name, value in first.items()
    }
