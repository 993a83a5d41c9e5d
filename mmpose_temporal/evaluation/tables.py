"""Figures as text and as JSON."""

import math
from collections.abc import Mapping, Sequence

from .functional import GROUPED, SCORED_GROUPS, PoseTrackFigures


def format_table(figures: PoseTrackFigures) -> str:
    """The table of the papers: a line a figure, a column a group of joints, percent."""
    lines = ["".join(f"{column:>7}" for column in (" " * 10, *SCORED_GROUPS, "Total"))]
    single = []
    for name, total in figures.totals.items():
        if name in GROUPED:
            values = [*figures.groups[name].values(), total]
            lines.append(f"{name:<10}" + "".join(f"{value:7.1f}" for value in values))
        else:
            single.append(f"{name} {total:.1f}")
    if figures.idsw is not None:
        lines.append(f"{'IDSW':<10}{figures.idsw:7d} ({figures.idsw_pct:.2f} %)")
        lines.append(f"{'Frag':<10}{figures.fragmentations:7d}")
    return "\n".join([*lines, ", ".join(single)] if single else lines)


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
