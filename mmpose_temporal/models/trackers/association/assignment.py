"""Which person of this frame is which person seen before."""

from abc import ABC, abstractmethod

import numpy as np
from mmpose.registry import TASK_UTILS
from scipy.optimize import linear_sum_assignment


class Assignment(ABC):
    """Picks pairs so that every row and every column is in at most one."""

    @abstractmethod
    def __call__(self, scores: np.ndarray, allowed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Assign.

        Args:
            scores: (M, N) float, higher is better; > 0 if allowed.
            allowed: (M, N) bool, pairs that may be picked.

        Returns:
            Row and column indices of the P pairs, each (P,) int64.
        """


@TASK_UTILS.register_module()
class HungarianAssignment(Assignment):
    """The pairs with the largest sum of scores (maximum-weight bipartite matching, scipy)."""

    def __call__(self, scores: np.ndarray, allowed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See :class:`Assignment`."""
        rows, columns = linear_sum_assignment(np.where(allowed, scores, 0), maximize=True)
        picked = allowed[rows, columns]
        return rows[picked], columns[picked]


@TASK_UTILS.register_module()
class LogOddsAssignment(HungarianAssignment):
    """The pairs with the largest sum of log odds: the likeliest assignment of probabilities.

    A pair of probability ``chance`` counts 0, so that two poor pairs do not outweigh a good one.

    Args:
        chance: In (0, 1). Pairs that are less likely must not be allowed: the association's
            ``min_similarity`` is at least this.

    Raises:
        ValueError: ``chance`` out of its range; at use, an allowed pair is less likely, or its
            score is above 1 and so no probability.
    """

    def __init__(self, *, chance: float):
        if not 0 < chance < 1:
            raise ValueError(f"chance must be in (0, 1), got {chance}")
        self.chance = chance

    def __call__(self, scores: np.ndarray, allowed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See :class:`Assignment`."""
        if (scores[allowed] < self.chance).any():
            raise ValueError(
                f"a pair of probability {scores[allowed].min():.3g} is allowed, but chance is "
                f"{self.chance}: lower chance to the association's min_similarity"
            )
        if (scores[allowed] > 1 + 1e-6).any():
            raise ValueError(
                f"a score of {scores[allowed].max():.3g} is no probability: LogOddsAssignment "
                "takes similarities in [0, 1], use HungarianAssignment for others"
            )
        likely = scores.astype(np.float64).clip(self.chance, 1 - 1e-9)
        odds = np.log(likely / (1 - likely)) - np.log(self.chance / (1 - self.chance))
        return super().__call__(odds + 1e-9, allowed)


@TASK_UTILS.register_module()
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
