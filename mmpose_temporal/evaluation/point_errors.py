"""How far points lie from where they should be, as a share of a person's size."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class PointErrors:
    """The errors of N points, found in several ways.

    Attributes:
        errors: Way -> (N,) float distance from the true place, pixels.
        diagonals: (N,) float, of the person's box where the point is looked for, pixels; NaN: the
            point is no person's.
    """

    errors: dict[str, np.ndarray]
    diagonals: np.ndarray

    def __len__(self) -> int:
        return len(self.diagonals)

    @classmethod
    def of(
        cls,
        points: dict[str, np.ndarray],
        truth: np.ndarray,
        counted: np.ndarray,
        diagonals: np.ndarray,
    ) -> "PointErrors":
        """Of P people with K points each.

        Args:
            points: Way -> (P, K, 2), pixels.
            truth: (P, K, 2), pixels.
            counted: (P, K) bool, which points count.
            diagonals: (P,), pixels.
        """
        errors = {w: np.linalg.norm(found - truth, axis=-1) for w, found in points.items()}
        sizes = np.broadcast_to(np.asarray(diagonals)[:, None], counted.shape)
        return cls({way: values[counted] for way, values in errors.items()}, sizes[counted])

    @classmethod
    def cat(cls, parts: Sequence["PointErrors"]) -> "PointErrors":
        """All of one or more, which were found in the same ways."""
        ways = parts[0].errors
        return cls(
            {way: np.concatenate([part.errors[way] for part in parts]) for way in ways},
            np.concatenate([part.diagonals for part in parts]),
        )

    def figures(self, thresholds: Sequence[float] = (0.05, 0.1)) -> dict[str, dict[str, float]]:
        """Figures of each way.

        Args:
            thresholds: Shares of the diagonal, above 0.

        Returns:
            Way -> ``PCK@t`` for each threshold: percent of the people's points whose error is at
            most that share of the diagonal; ``median``: median error of these, pixels. Where no
            point is a person's, ``PCK@t`` is NaN and the median is that of all points. NaN too
            where there is none.

        Raises:
            ValueError: A threshold is not above 0.
        """
        if not thresholds or min(thresholds) <= 0:
            raise ValueError(f"thresholds must be above 0, got {list(thresholds)}")
        of_people = np.isfinite(self.diagonals)
        some = bool(of_people.any())
        answer = {}
        for way, errors in self.errors.items():
            figures = {}
            for threshold in thresholds:
                right = errors[of_people] <= threshold * self.diagonals[of_people]
                figures[f"PCK@{threshold:g}"] = 100 * float(right.mean()) if some else np.nan
            counted = errors[of_people] if some else errors
            figures["median"] = float(np.median(counted)) if len(counted) else np.nan
            answer[way] = figures
        return answer
