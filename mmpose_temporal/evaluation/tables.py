"""Figures as text and as JSON."""

import math
from collections.abc import Mapping, Sequence

from .functional import GROUPED, PoseTrackFigures

MAX_COLUMNS = 12
"""More groups of joints than this are the rows of the table, not its columns."""


def format_table(figures: PoseTrackFigures) -> str:
    """The table of the papers: a line per figure, a column per group of joints, percent.

    With more than :data:`MAX_COLUMNS` groups, a line per group and a column per figure. Under it,
    what a reader should know (:mod:`~.functional.notes`).
    """
    grouped = [name for name in figures.totals if name in GROUPED]
    single = [f"{n} {total:.1f}" for n, total in figures.totals.items() if n not in GROUPED]
    groups = [*figures.groups[grouped[0]], "Total"] if grouped else ["Total"]
    cells = [
        [f"{value:.1f}" for value in (*figures.groups[name].values(), figures.totals[name])]
        for name in grouped
    ]
    if len(groups) > MAX_COLUMNS + 1:
        lines = _aligned(grouped, groups, [list(row) for row in zip(*cells, strict=True)])
    else:
        lines = _aligned(groups, grouped, cells)
    if figures.idsw is not None:
        lines.append(f"{'IDSW':<10}{figures.idsw:7d} ({figures.idsw_pct:.2f} %)")
        lines.append(f"{'Frag':<10}{figures.fragmentations:7d}")
    lines += [", ".join(single)] if single else []
    return "\n".join([*lines, *(f"note: {note}" for note in figures.notes)])


def _aligned(columns: Sequence[str], rows: Sequence[str], cells: list[list[str]]) -> list[str]:
    """Lines of a table, the columns at least as wide as in PoseTrack's."""
    first = max(10, *(len(row) for row in [*rows, ""]))
    widths = [max(7, len(column) + 2) for column in columns]
    lines = [[" " * first, *map(str.rjust, columns, widths)]]
    lines += [
        [row.ljust(first), *map(str.rjust, values, widths)]
        for row, values in zip(rows, cells, strict=True)
    ]
    return ["".join(line) for line in lines]


def format_joints(figures: PoseTrackFigures, names: Sequence[str]) -> str:
    """A line a joint, a column a figure.

    Args:
        figures: Of the J joints.
        names: Of the J joints.
    """
    columns = [*figures.per_joint]
    cells = [[f"{figures.per_joint[c][j]:.1f}" for c in columns] for j in range(len(names))]
    return "\n".join(_aligned(columns, names, cells))


def format_videos(videos: Mapping[str, PoseTrackFigures]) -> str:
    """A line a video, a column a total."""
    rows = [[name, *_row(figures)] for name, figures in videos.items()]
    header = ["video", *_row_names(next(iter(videos.values())))]
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])])
        for row in [header, *rows]
    )


def _row_names(figures: PoseTrackFigures) -> list[str]:
    numbers = [] if figures.idsw is None else ["IDSW", "Frag"]
    return [*figures.totals, *numbers]


def _row(figures: PoseTrackFigures) -> Sequence[str]:
    numbers = [] if figures.idsw is None else [str(figures.idsw), str(figures.fragmentations)]
    return [*(f"{value:.1f}" for value in figures.totals.values()), *numbers]


def as_json(figures: PoseTrackFigures, prefix: str = "posetrack") -> dict[str, float | None]:
    """The keys of PoseTrackMetric; NaN becomes None, as JSON has no NaN."""
    return {
        f"{prefix}/{name}": value if math.isfinite(value) else None
        for name, value in figures.as_dict().items()
    }
