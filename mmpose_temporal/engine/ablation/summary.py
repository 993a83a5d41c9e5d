"""What an ablation makes of the figures of its seeds."""

import statistics
from collections.abc import Mapping, Sequence

from rich.table import Table

Summary = dict[str, dict[str, dict]]
"""Row -> short name of a figure -> ``mean``, ``min``, ``max`` and ``values``, over the seeds."""


def summarize(results: Mapping[str, Sequence[Mapping[str, float]]]) -> Summary:
    """Mean and range over the seeds.

    Args:
        results: Row -> the figures of each seed, the same ones for all seeds.
    """
    summary: Summary = {}
    for row, runs in results.items():
        summary[row] = {}
        for name in runs[0]:
            values = [one[name] for one in runs]
            mean = statistics.fmean(values)
            summary[row][name] = dict(mean=mean, min=min(values), max=max(values), values=values)
    return summary


def table(figures: Summary, columns: Sequence[str]) -> Table:
    """A table for the terminal; a figure that a row does not have is left empty."""
    drawn = Table("row", *(f"{name}, mean (range)" for name in columns))
    for row, found in figures.items():
        cells = [
            f"{c['mean']:.2f} ({c['min']:.2f} to {c['max']:.2f})" if c else ""
            for c in map(found.get, columns)
        ]
        drawn.add_row(row, *cells)
    return drawn
