"""Figures of resampled videos, for the intervals of a comparison."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import DegenerateDataWarning, bootstrap

from ..functional import GROUPED, METRICS, PoseTrackFigures, ScoredJoints
from .files import Results
from .statistics import VideoStatistics

NUMBERS = {"IDSW": "idsw", "IDSW_pct": "idsw_pct", "Frag": "fragmentations"}

Resampled = Callable[[np.ndarray], np.ndarray]
"""(B, N), how often each of N videos is in each of B samples -> (B,) or (F, B) figures."""


def resampled_figures(
    results: Results, evaluation: Mapping[str, Any], names: Sequence[str]
) -> tuple[list[str], Resampled] | None:
    """How some figures of a run come out for other draws of its videos.

    Args:
        results: The run, for errors.
        evaluation: The record of one of its evaluations.
        names: Figures without prefix, of a total, a group or a joint.

    Returns:
        The names of the videos, in the order of the weights; and the function. Figures that
        cannot be resampled are NaN. None: the record has no counts of videos.

    Raises:
        ValueError: The counts in the record are damaged.
    """
    try:
        if evaluation.get("metric") == "MatchAccuracyMetric":
            return _match_accuracy(evaluation)
        if "statistics" not in evaluation:
            return None
        statistics = VideoStatistics.from_json(
            evaluation["statistics"],
            joints=[*evaluation["joints"]],
            protocol=evaluation["protocol"]["name"],
            joint_choice=evaluation["protocol"]["joints_in_means"],
        )
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        IndexError,
        OverflowError,
    ) as error:
        what = (
            f"{error} is missing"
            if isinstance(error, KeyError)
            else " ".join(str(error).split())[:200]
        )
        raise ValueError(
            f"{results.path}: the counts of the videos in 'record.evaluations' are damaged: {what}"
        ) from error

    def figures(weights: np.ndarray) -> np.ndarray:
        found = statistics.figures(weights)
        return np.array(
            [[value_of(one, name, statistics.joints) for one in found] for name in names]
        )

    return list(statistics.videos), figures


def _match_accuracy(evaluation: Mapping[str, Any]) -> tuple[list[str], Resampled]:
    videos = evaluation["videos"]
    right, people = (
        np.array([float(v[name]) for v in videos.values()]) for name in ("right_people", "people")
    )

    def figures(weights: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return (100 * (weights @ right) / (weights @ people))[None]

    return list(videos), figures


def value_of(figures: PoseTrackFigures, name: str, joints: ScoredJoints) -> float:
    """A figure by its name without prefix: MOTA, MOTA_Wri, MOTA_left_wrist, IDSW; NaN if none."""
    if name in NUMBERS:
        value = getattr(figures, NUMBERS[name])
        return float("nan") if value is None else float(value)
    if name in figures.totals:
        return figures.totals[name]
    figure, _, part = name.partition("_")
    if figure in GROUPED and part in figures.groups.get(figure, {}):
        return figures.groups[figure][part]
    if figure in figures.per_joint and part in joints.names:
        return float(figures.per_joint[figure][joints.names.index(part)])
    return float("nan")


def default_names(evaluation: Mapping[str, Any]) -> list[str]:
    """The totals of an evaluation, in the order of the tables."""
    if evaluation.get("metric") == "MatchAccuracyMetric":
        return ["match_accuracy"]
    names = [name for group in METRICS.values() for name in group]
    return [*names[: names.index("Recall") + 1], *NUMBERS, *names[names.index("Recall") + 1 :]]


def difference_intervals(
    runs: Sequence[Resampled], num_videos: int, *, resamples: int, confidence: float, seed: int
) -> np.ndarray:
    """Paired bootstrap over videos: all runs get the same draws.

    Args:
        runs: Each gives the same F figures of its own videos, which are the same N videos.
        num_videos: N, at least 2.
        resamples: B.
        confidence: Share of the distribution that the interval holds, 0.95 for example.
        seed: Of the draws.

    Returns:
        (R - 1, F, 2) lowest and highest difference of each other run from the first: percentiles
        of the bootstrap distribution; NaN for a figure that is not defined in some sample.
    """

    def differences(draws: np.ndarray, axis: int = -1) -> np.ndarray:
        draws = np.atleast_2d(draws)
        rows = np.repeat(np.arange(len(draws)), num_videos)
        weights = np.zeros((len(draws), num_videos))
        np.add.at(weights, (rows, draws.ravel()), 1)
        figures = np.stack([run(weights) for run in runs])  # (R, F, B)
        return figures[1:] - figures[:1]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateDataWarning)  # of NaN, which says enough
        found = bootstrap(
            (np.arange(num_videos),),
            differences,
            n_resamples=resamples,
            batch=100,
            vectorized=True,
            confidence_level=confidence,
            method="percentile",
            random_state=np.random.default_rng(seed),
        ).confidence_interval
    return np.stack([found.low, found.high], axis=-1)
