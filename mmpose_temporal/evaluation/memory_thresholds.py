"""The thresholds of a memory (PTM, write) from how well an estimator finds annotated joints.

The paper names no thresholds. The rules here are ours (choice): a saved feature should be that of
the joint, a replaced one should rather not be, and a stored entry should be of a person who was
found about as well as most who are found well.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .functional import bbox_sizes, head_sizes
from .functional.pckh import PCKH_THRESHOLD

STEP = 0.01
"""Thresholds of joints are multiples of it."""

SUM_STEP = 0.1
"""Thresholds of people are."""

LOWEST, HIGHEST = 0.5, 1.5
"""Of a quality, see :func:`~mmpose_temporal.models.necks.keypoint_quality.keypoint_quality`."""

MIN_JOINTS = 20
"""Shares of fewer joints say nothing."""

WELL_FOUND = 0.8
"""Share of a person's annotated joints that are right, if the person was found well."""

HEATMAP_PERCENTILE = 25
"""Of the sums of people who were found well."""

PERCENTILES = (1, 5, 25, 50, 75, 95, 99)


@dataclass(frozen=True, slots=True, eq=False)
class JointQualities:
    """How well the K keypoints of P annotated people were found.

    Attributes:
        quality: (P, K) float32 in [0.5, 1.5].
        annotated: (P, K) bool.
        right: (P, K) bool, annotated keypoints that were found at their place.
    """

    quality: np.ndarray
    annotated: np.ndarray
    right: np.ndarray

    def __post_init__(self) -> None:
        shapes = {self.quality.shape, self.annotated.shape, self.right.shape}
        if len(shapes) > 1 or self.quality.ndim != 2:
            raise ValueError(f"quality, annotated and right must be (P, K), got {shapes}")
        if not self.annotated.any():
            raise ValueError("no joint is annotated, so none can be right or wrong")

    @property
    def sums(self) -> np.ndarray:
        """(P,): the sum of a person's qualities, that of all K keypoints."""
        return self.quality.sum(1)

    @property
    def well_found(self) -> np.ndarray:
        """(P,) bool: people with annotated joints of whom :data:`WELL_FOUND` are right."""
        count = self.annotated.sum(1)
        return (count > 0) & ((self.right & self.annotated).sum(1) >= WELL_FOUND * count)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What :func:`suggest_thresholds` suggests; None where no value keeps to the rule.

    Attributes:
        high_thr: Joints with a higher quality are saved.
        low_thr: Joints with a lower quality are replaced.
        heatmap_thr: Entries of people with a higher sum are stored.
    """

    high_thr: float | None
    low_thr: float | None
    heatmap_thr: float | None


def are_right(
    keypoints: np.ndarray, annotated: np.ndarray, boxes: np.ndarray, head_boxes: np.ndarray
) -> np.ndarray:
    """Whether joints are within the threshold of PCKh of their annotation.

    That is 0.5 times the size of the head; of a person without a head box, or with one of size 0,
    0.5 times the size that its box stands for (:func:`bbox_sizes`).

    Args:
        keypoints: (P, K, 2), image pixels.
        annotated: (P, K, 3), x, y and visibility; where that is 0, the answer is False.
        boxes: (P, 4) xyxy, image pixels.
        head_boxes: (P, 4) xyxy, NaN where there is none.

    Returns:
        (P, K) bool.
    """
    heads = head_sizes(head_boxes)
    sizes = np.where(heads > 0, heads, bbox_sizes(boxes))  # NaN is not above 0
    distance = np.linalg.norm(keypoints - annotated[..., :2], axis=-1)
    return (annotated[..., 2] > 0) & (distance <= PCKH_THRESHOLD * sizes[:, None])


def suggest_thresholds(
    found: JointQualities, *, precision: float = 0.95, replaced_right: float = 0.5
) -> Thresholds:
    """Thresholds by the following rules, for joints that are annotated.

    - ``low_thr``: the highest quality such that of the joints below it at most a share of
      ``replaced_right`` is right.
    - ``high_thr``: the lowest quality, ``low_thr`` or more, such that of the joints above it at
      least a share of ``precision`` is right.
    - ``heatmap_thr``: the 25th percentile of the sums of people who were found well, that is with
      80 % of their annotated joints right or more, rounded down to :data:`SUM_STEP`.

    The first two are multiples of :data:`STEP`, and there are at least :data:`MIN_JOINTS` joints
    below or above them.

    Args:
        found: Of annotated people.
        precision: In (0, 1].
        replaced_right: In [0, 1).

    Raises:
        ValueError: A share out of its range.
    """
    if not 0 < precision <= 1:
        raise ValueError(f"precision must be in (0, 1], got {precision}")
    if not 0 <= replaced_right < 1:
        raise ValueError(f"replaced_right must be in [0, 1), got {replaced_right}")
    steps = np.arange(round(LOWEST / STEP), round(HIGHEST / STEP) + 1)
    grid = steps / round(1 / STEP)
    below, right_below = _counts(found, grid, below=True)
    low = grid[(below >= MIN_JOINTS) & (right_below <= replaced_right * below)]
    low_thr = float(low[-1]) if len(low) else None
    above, right_above = _counts(found, grid, below=False)
    high = grid[(above >= MIN_JOINTS) & (right_above >= precision * above)]
    high = high[high >= (low_thr or LOWEST)]
    sums = found.sums[found.well_found]
    heatmap_thr = None
    if len(sums):
        level = np.percentile(sums, HEATMAP_PERCENTILE)
        heatmap_thr = float(np.floor(level / SUM_STEP) / round(1 / SUM_STEP))
    return Thresholds(float(high[0]) if len(high) else None, low_thr, heatmap_thr)


def _counts(
    found: JointQualities, grid: np.ndarray, *, below: bool
) -> tuple[np.ndarray, np.ndarray]:
    """How many annotated joints lie below (else above) each threshold, and how many are right."""
    counts = []
    for chosen in (found.annotated, found.annotated & found.right):
        qualities = np.sort(found.quality[chosen])
        if below:
            counts.append(np.searchsorted(qualities, grid, "left"))
        else:
            counts.append(len(qualities) - np.searchsorted(qualities, grid, "right"))
    return counts[0], counts[1]


def effect(found: JointQualities, thresholds: Thresholds) -> dict[str, dict[str, float]]:
    """What thresholds do to the people that they were found on.

    Returns:
        Threshold -> ``share``, of all joints (of the people) that are saved, replaced (stored),
        and ``right``, the share of right ones among those of them that are annotated; NaN of
        none. For those that are None nothing. For ``heatmap_thr`` the shares are of people, and
        of those who were found well.
    """
    chosen = {}
    if thresholds.high_thr is not None:
        chosen["high_thr"] = found.quality > thresholds.high_thr
    if thresholds.low_thr is not None:
        chosen["low_thr"] = found.quality < thresholds.low_thr
    said = {
        name: dict(share=_mean(mask), right=_mean(found.right[mask & found.annotated]))
        for name, mask in chosen.items()
    }
    if thresholds.heatmap_thr is not None:
        stored = found.sums > thresholds.heatmap_thr
        said["heatmap_thr"] = dict(share=_mean(stored), right=_mean(found.well_found[stored]))
    return said


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else float("nan")


def distributions(found: JointQualities) -> dict[str, dict[str, Any]]:
    """The percentiles of the qualities and of their sums.

    Returns:
        Group -> ``count`` and ``percentiles``, one for each of :data:`PERCENTILES`, None for a
        group of nobody.
    """
    right = found.annotated & found.right
    groups = {
        "right joints": found.quality[right],
        "wrong joints": found.quality[found.annotated & ~found.right],
        "not annotated": found.quality[~found.annotated],
        "sum: found well": found.sums[found.well_found],
        "sum: others": found.sums[~found.well_found],
    }
    return {
        name: dict(
            count=len(values),
            percentiles=np.percentile(values, PERCENTILES).tolist() if len(values) else None,
        )
        for name, values in groups.items()
    }


def by_quality(found: JointQualities) -> list[dict[str, float]]:
    """Annotated joints by steps of 0.1 of their quality, and the share of right ones; no empties.

    Returns:
        Dicts with ``low`` and ``high`` (the step), ``count`` and ``right``.
    """
    rows = []
    quality, right = found.quality[found.annotated], found.right[found.annotated]
    steps = np.minimum(np.floor((quality - LOWEST) / 0.1 + 1e-6), 9).astype(int)
    for step in range(10):
        inside = steps == step
        if inside.any():
            low = round(LOWEST + step / 10, 1)
            share = float(right[inside].mean())
            row = dict(low=low, high=round(low + 0.1, 1), count=int(inside.sum()), right=share)
            rows.append(row)
    return rows


def as_record(found: JointQualities, thresholds: Thresholds) -> dict[str, Any]:
    """All of it, for a JSON file; NaN as None."""
    said = {
        name: {key: None if np.isnan(value) else value for key, value in figures.items()}
        for name, figures in effect(found, thresholds).items()
    }
    return dict(
        thresholds=asdict(thresholds),
        effect=said,
        people=len(found.quality),
        keypoints=found.quality.shape[1],
        percentiles=list(PERCENTILES),
        distributions=distributions(found),
        by_quality=by_quality(found),
    )
