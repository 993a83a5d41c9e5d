"""Runs side by side: figures, differences from the first, and how sure these are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .differences import Key, evaluations_by_key, find_differences, unknown_boxes
from .files import Results
from .resampling import default_names, difference_intervals, resampled_figures

Interval = tuple[float, float]


@dataclass(frozen=True)
class Row:
    """One figure of all R runs.

    Attributes:
        name: With its prefix.
        values: Of each run; NaN: not defined.
        differences: From the first run, of the R - 1 others.
        intervals: Of these differences; None: cannot be said.
        count: A number of events, not percent.
    """

    name: str
    values: tuple[float, ...]
    differences: tuple[float, ...]
    intervals: tuple[Interval | None, ...]
    count: bool = False


@dataclass(frozen=True)
class RunComparison:
    """Runs side by side.

    Attributes:
        labels: Short names of the R runs.
        rows: A row for each figure.
        notes: What a reader has to know to judge them.
    """

    labels: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


def compare_results(
    runs: Sequence[Results],
    *,
    names: Sequence[str] | None = None,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
    anyway: bool = False,
) -> RunComparison:
    """Compare runs with the first of them.

    The interval of a difference is that of a paired bootstrap over videos: videos are drawn with
    replacement, the same for all runs, and the figures computed from the sums of their counts,
    which is exact for all but AP (of ranges of scores, see :mod:`~.statistics`). It says how much
    the difference hangs on which videos the data set has; that the videos are few, or alike, it
    does not say.

    Args:
        runs: At least two.
        names: Figures to compare: of a total (MOTA), a group (MOTA_Wri) or a joint
            (MOTA_left_wrist), with or without prefix. None: the totals that all runs have.
        resamples: Draws of the bootstrap; 0: no intervals.
        confidence: Share of the draws that an interval holds.
        seed: Of the draws.
        anyway: Compare runs that differ in protocol or data too, and note the differences.

    Raises:
        ValueError: Fewer than two runs, an option out of range, runs that differ in protocol or
            data, or a figure that a run does not have.
    """
    if len(runs) < 2:
        raise ValueError("comparing takes two or more runs")
    if resamples < 0:
        raise ValueError(f"resamples must be 0 or more, got {resamples}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1, got {confidence}")
    differ = {}
    for run in runs[1:]:
        if found := find_differences(runs[0], run):
            differ[run.path] = "; ".join(found)
    if differ and not anyway:
        path, text = next(iter(differ.items()))
        raise ValueError(
            f"{path} cannot be compared with {runs[0].path}: {text} (compared all the same with "
            "the option 'anyway')"
        )
    notes = [f"{path} against {runs[0].path}: {text}" for path, text in differ.items()]
    if not differ and any(map(unknown_boxes, runs)) and not all(map(unknown_boxes, runs)):
        blind = ", ".join(str(run.path) for run in runs if unknown_boxes(run))
        notes.append(f"the source of the boxes is not recorded in {blind}")
    rows: list[Row] = []
    for key, wanted in _wanted(runs, names).items():
        found, said = _rows(
            runs, key, wanted, resamples=resamples, confidence=confidence, seed=seed
        )
        rows += found
        notes += said
    return RunComparison(_labels(runs), tuple(rows), tuple(dict.fromkeys(notes)))


def _wanted(runs: Sequence[Results], names: Sequence[str] | None) -> dict[Key | None, list[str]]:
    """Figures without prefix by the evaluation they belong to; with it (None) where none does."""
    keys = [key for key in evaluations_by_key(runs[0]) if all(map(_has(key), runs))]
    wanted: dict[Key | None, list[str]] = {key: [] for key in (*keys, None)}
    if names is None:
        taken = set()
        for key in keys:
            default = default_names(evaluations_by_key(runs[0])[key])
            wanted[key] = [n for n in default if all(_value(r, key, n) is not None for r in runs)]
            taken.add(f"{key[1]}/")
        others = [n for n in runs[0].figures if not n.startswith(tuple(taken))]
        wanted[None] = [n for n in others if all(n in run.figures for run in runs)]
    for name in names or ():
        for key in wanted:
            short = name if key is None else name.removeprefix(f"{key[1]}/")
            if all(_value(run, key, short) is not None for run in runs):
                wanted[key].append(short)
                break
        else:
            lacks = next((r.path for r in runs if not _anywhere(r, name)), runs[0].path)
            known = [n if k is None else n.removeprefix(f"{k[1]}/") for k, n in _totals(runs)]
            there = ", ".join(dict.fromkeys(known)) or "none"
            raise ValueError(f"{lacks} has no figure {name!r}; all runs have {there}")
    if not any(wanted.values()):
        names = ", ".join(str(run.path) for run in runs)
        raise ValueError(f"{names} have no figure in common")
    return wanted


def _totals(runs: Sequence[Results]) -> list[tuple[Key | None, str]]:
    try:
        return [(key, name) for key, names in _wanted(runs, None).items() for name in names]
    except ValueError:  # nothing in common
        return []


def _has(key: Key):
    return lambda run: key in evaluations_by_key(run)


def _anywhere(run: Results, name: str) -> bool:
    keys = [*evaluations_by_key(run), None]
    return any(
        _value(run, key, name if key is None else name.removeprefix(f"{key[1]}/")) is not None
        for key in keys
    )


def _value(run: Results, key: Key | None, name: str) -> float | None:
    """A figure; NaN: not defined; None: the run does not have it."""
    full = name if key is None else f"{key[1]}/{name}"
    if full in run.figures:
        return run.figures[full]
    if key is None:
        return None
    figure, _, joint = name.partition("_")
    joints = evaluations_by_key(run)[key].get("joints")
    values = joints.get(joint) if isinstance(joints, Mapping) else None
    if not isinstance(values, Mapping) or figure not in values or figure == "annotated":
        return None
    value = values[figure]
    return float(value) if type(value) in (int, float) else float("nan")


def _rows(
    runs: Sequence[Results],
    key: Key | None,
    names: list[str],
    *,
    resamples: int,
    confidence: float,
    seed: int,
) -> tuple[list[Row], list[str]]:
    """Rows of the figures of one evaluation, and notes."""
    if not names:
        return [], []
    intervals = np.full((len(runs) - 1, len(names), 2), np.nan)
    notes = []
    if key is not None and resamples:
        records = [evaluations_by_key(run)[key] for run in runs]
        found = [
            resampled_figures(run, record, names)
            for run, record in zip(runs, records, strict=True)
        ]
        if problem := _unpaired(runs, found):
            notes.append(f"no intervals: {problem}")
        else:
            order = found[0][0]
            intervals = difference_intervals(
                [_in_order(order, *one) for one in found],
                len(order),
                resamples=resamples,
                confidence=confidence,
                seed=seed,
            )
            notes.append(
                f"intervals: {100 * confidence:g} % of a paired bootstrap over {len(order)} "
                f"videos, {resamples} draws, seed {seed}"
            )
    prefix = "" if key is None else f"{key[1]}/"
    rows = []
    for index, name in enumerate(names):
        values = tuple(_value(run, key, name) for run in runs)
        limits = [tuple(map(float, pair)) for pair in intervals[:, index]]
        rows.append(
            Row(
                prefix + name,
                values,
                tuple(value - values[0] for value in values[1:]),
                tuple(pair if np.isfinite(pair).all() else None for pair in limits),
                count=name in ("IDSW", "Frag"),
            )
        )
    return rows, notes


def _unpaired(runs: Sequence[Results], found: Sequence[Any]) -> str | None:
    """Why videos cannot be resampled in pairs; None: they can."""
    for run, one in zip(runs, found, strict=True):
        if one is None:
            return f"{run.path} has no counts of its videos"
        if set(one[0]) != set(found[0][0]):
            return f"{run.path} has other videos than {runs[0].path}"
    return None if len(found[0][0]) > 1 else "there is one video only"


def _in_order(order: list[str], videos: list[str], figures: Any) -> Any:
    """A run's function for weights of the videos in another order."""
    index = [order.index(name) for name in videos]
    return lambda weights: figures(weights[:, index])


def _labels(runs: Sequence[Results]) -> tuple[str, ...]:
    """The shortest ends of the paths that tell the runs apart."""
    parts = [run.path.with_suffix("").parts for run in runs]
    for length in range(1, max(map(len, parts)) + 1):
        labels = ["/".join(part[-length:]) for part in parts]
        if len(set(labels)) == len(labels):
            return tuple(labels)
    return tuple(f"{number}: {run.path}" for number, run in enumerate(runs, start=1))
