"""A comparison as text: an aligned table, Markdown, or CSV."""

import csv
import io
import math
from collections.abc import Sequence

from .comparison import Interval, Row, RunComparison

FORMATS = ("table", "markdown", "csv")


def format_comparison(comparison: RunComparison, kind: str = "table") -> str:
    """Text that ends with a line break.

    Args:
        comparison: Runs side by side.
        kind: ``'table'``: a line per figure; ``'markdown'``: the same as a Markdown table, both
            with the notes below; ``'csv'``: a line for each figure of each run, in full precision,
            without notes.

    Raises:
        ValueError: Another kind.
    """
    if kind not in FORMATS:
        raise ValueError(f"format must be one of {FORMATS}, got {kind!r}")
    if kind == "csv":
        return _csv(comparison)
    cells = [_header(comparison), *map(_cells, comparison.rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]
        for row in cells
    ]
    if kind == "table":
        text = "\n".join("  ".join(line).rstrip() for line in lines)
        notes = "".join(f"\n{note}" for note in comparison.notes)
    else:
        rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
        text = "\n".join(f"| {' | '.join(line)} |" for line in (lines[0], rule, *lines[1:]))
        notes = "".join(f"\n\n{note}" for note in comparison.notes)
    return f"{text}{notes}\n"


def _header(comparison: RunComparison) -> list[str]:
    header = ["", comparison.labels[0]]
    for label in comparison.labels[1:]:
        header += [label, "difference", "interval"]
    return header


def _cells(row: Row) -> list[str]:
    cells = [row.name, _number(row.values[0], row.count)]
    later = zip(row.values[1:], row.differences, row.intervals, strict=True)
    for value, difference, interval in later:
        cells += [_number(value, row.count), _signed(difference, row.count)]
        cells.append(_interval(interval, row.count))
    return cells


def _digits(count: bool) -> int:
    return 0 if count else 2


def _number(value: float, count: bool) -> str:
    return "-" if math.isnan(value) else f"{value:.{_digits(count)}f}"


def _signed(value: float, count: bool) -> str:
    value = round(value, _digits(count)) + 0.0  # no "-0.00"
    return "-" if math.isnan(value) else f"{value:+.{_digits(count)}f}"


def _interval(interval: Interval | None, count: bool) -> str:
    if interval is None:
        return "-"
    low, high = (_signed(limit, count) for limit in interval)
    return f"{low} to {high}"


def _csv(comparison: RunComparison) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["figure", "run", "value", "difference", "low", "high"])
    for row in comparison.rows:
        writer.writerow([row.name, comparison.labels[0], _exact(row.values[0]), "", "", ""])
        later = zip(
            comparison.labels[1:], row.values[1:], row.differences, row.intervals, strict=True
        )
        for label, value, difference, interval in later:
            numbers: Sequence[float] = (value, difference, *(interval or (math.nan, math.nan)))
            writer.writerow([row.name, label, *map(_exact, numbers)])
    return text.getvalue()


def _exact(value: float) -> str:
    """Empty for what is not defined."""
    return "" if math.isnan(value) else repr(value)
