"""What is known of a frame beside its poses, on the way to the similarity."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

Feats = dict[str, Any]
"""What is known of a frame beside the poses of its M people, by name.

- ``frame_size``: width and height in pixels, or None where they are not known.
- ``time``: int, the clock of the tracks' age: number of the frame among those searched.
- ``image``: (H, W, 3) uint8 BGR, only where a :class:`PoseTracker` holds the frame.
- ``person_<name>``: arrays or tensors with M rows, one a person, in the order of the poses.

What association adds for the parts after it is described in :mod:`~.shared_scores`.
"""

PERSON = "person_"


def select_people(feats: Feats, index: np.ndarray) -> Feats:
    """Keep the rows of some people.

    Args:
        feats: Of M people.
        index: (M,) bool, or integers.

    Returns:
        A new dict; what is not of persons is the same object.
    """
    return {
        name: select_rows(value, index) if name.startswith(PERSON) else value
        for name, value in feats.items()
    }


def select_rows(rows: np.ndarray | Tensor, index: np.ndarray) -> np.ndarray | Tensor:
    """Rows of an array or tensor by a numpy mask or integers."""
    if isinstance(rows, Tensor):
        return rows[torch.from_numpy(np.ascontiguousarray(index)).to(rows.device)]
    return rows[index]
