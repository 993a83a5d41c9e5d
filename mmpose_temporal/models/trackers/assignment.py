"""Which person of this frame is which person seen before."""

from abc import ABC, abstractmethod

import numpy as np
from mmpose.registry import MODELS
from scipy.optimize import linear_sum_assignment


class Assignment(ABC):
    """Picks pairs so that every row and every column is in at most one."""

    @abstractmethod
    def __call__(self, scores: np.ndarray, allowed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Assign.

        Args:
            scores: (M, N) float, higher is better; > 0 where allowed.
            allowed: (M, N) bool, pairs that may be picked.

        Returns:
            Row and column indices of the P pairs, each (P,) int64.
        """


@MODELS.register_module()
class HungarianAssignment(Assignment):
    """The pairs with the largest sum of scores (maximum-weight bipartite matching, scipy)."""

    def __call__(self, scores: np.ndarray, allowed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See :class:`Assignment`."""
        rows, columns = linear_sum_assignment(np.where(allowed, scores, 0), maximize=True)
        picked = allowed[rows, columns]
        return rows[picked], columns[picked]


@MODELS.register_module()
class GreedyAssignment(Assignment):
    """The best pair first, then the best of what is left. Ties: lower row, then lower column."""

    def __call__(self, scores: np.ndarray, allowed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See :class:`Assignment`."""
        left = np.where(allowed, scores, -np.inf)
        rows, columns = [], []
        for _ in range(min(scores.shape)):
            row, column = divmod(int(left.argmax()), left.shape[1])
            if left[row, column] == -np.inf:
                break
            rows.append(row)
            columns.append(column)
            left[row] = -np.inf
            left[:, column] = -np.inf
        return np.array(rows, dtype=np.int64), np.array(columns, dtype=np.int64)
