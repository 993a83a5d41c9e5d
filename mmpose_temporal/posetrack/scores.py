"""Scores outside [0, 1]: used as they are, and said once for each file.

Choice: nothing is clipped or scaled, since AP depends on the order of scores, and figures must be
those of the public programs. So a threshold of a tracker or a metric is in the file's own numbers.
For trackers, data sets and exports a joint with a score of 0 or less is absent, as in the files
that this package writes; the evaluation counts joints by their places, as poseval does.
"""

from pathlib import Path

import numpy as np

from mmpose_temporal.utils import warn_once

ROUNDING = 1e-5
"""How far a score of single precision may lie beyond 0 or 1 without a word."""


def say_scores(path: str | Path, **scores: np.ndarray) -> None:
    """Warn once for each file of scores below 0 or above 1.

    Args:
        path: The file.
        scores: Field of the file -> scores of any shape; NaN: none.
    """
    found = []
    for field, values in scores.items():
        values = values[np.isfinite(values)]
        outside = int(((values < -ROUNDING) | (values > 1 + ROUNDING)).sum())
        if outside:
            found.append(
                f"{outside} of {values.size} '{field}' ({values.min():.6g} to {values.max():.6g})"
            )
    if found:
        warn_once(
            f"{path}: {', '.join(found)} lie outside 0 to 1. They are used as they are: "
            "thresholds are in these numbers, and for trackers a joint with a score of 0 or less "
            "is absent"
        )
