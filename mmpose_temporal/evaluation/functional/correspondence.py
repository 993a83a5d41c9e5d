"""How well correspondences are found between two views whose map is known."""

import numpy as np
from scipy.stats import rankdata


def correspondence_figures(
    *,
    errors: np.ndarray,
    raw_errors: np.ndarray,
    scores: np.ndarray,
    diagonals: np.ndarray,
    cells: np.ndarray,
    valid: np.ndarray,
    visible: np.ndarray,
    is_keypoint: np.ndarray,
    thresholds: tuple[float, ...] = (0.05, 0.1),
) -> dict[str, float]:
    """Figures of N queries.

    Args:
        errors: (N,) distance of the found point from the target, pixels.
        raw_errors: (N,) that of the point found without refinement.
        scores: (N,) confidence that the query is visible in the second view.
        diagonals: (N,) of the person's box in the second view, pixels; NaN: no person's.
        cells: (N,) pixels of a cell of the maps.
        valid: (N,) bool, the query is one.
        visible: (N,) bool, and it can be seen in the second view.
        is_keypoint: (N,) bool, and it is a keypoint of a person.
        thresholds: Shares of the diagonal.

    Returns:
        ``PCK@t`` and ``raw_PCK@t`` for each threshold: percent of the visible keypoints whose
        error is at most that share of the diagonal; ``median_cells`` and ``raw_median_cells``:
        median error of all visible queries, random ones included, in cells; ``AUC_visible``: how
        likely a visible query has a higher score than one that is valid and not visible (ties
        count half), in [0, 1]. NaN where nothing is counted: no visible keypoint, or queries of
        one kind only.

    Raises:
        ValueError: No query is visible.
    """
    visible = visible & valid
    if not visible.any():
        raise ValueError(
            f"none of {int(valid.sum())} queries is visible in the second view: nothing can be "
            "found"
        )
    joints = visible & is_keypoint & np.isfinite(diagonals)
    figures: dict[str, float] = {}
    for prefix, found in (("", errors), ("raw_", raw_errors)):
        for threshold in thresholds:
            right = found[joints] <= threshold * diagonals[joints]
            share = 100 * float(right.mean()) if joints.any() else float("nan")
            figures[f"{prefix}PCK@{threshold:g}"] = share
    for prefix, found in (("", errors), ("raw_", raw_errors)):
        figures[f"{prefix}median_cells"] = float(np.median(found[visible] / cells[visible]))
    figures["AUC_visible"] = area_under_curve(scores[visible], scores[valid & ~visible])
    return figures


def area_under_curve(positive: np.ndarray, negative: np.ndarray) -> float:
    """Area under the ROC curve: how likely a positive scores higher than a negative.

    Args:
        positive: (P,) scores.
        negative: (N,) scores.

    Returns:
        In [0, 1], ties count half; NaN if there are no positives or no negatives.

    Raises:
        ValueError: A score is NaN.
    """
    together = np.concatenate([positive, negative]).astype(np.float64)
    if np.isnan(together).any():
        raise ValueError("scores hold NaN: which query is more visible is not defined")
    count = len(positive)
    if not count or not len(negative):
        return float("nan")
    # Mann and Whitney: the sum of the ranks of the positives.
    ranks = rankdata(together)[:count].sum()
    return float((ranks - count * (count + 1) / 2) / (count * len(negative)))
