"""The picture of a timeline."""

import os
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from mmpose_temporal.structures import UNTRACKED
from mmpose_temporal.utils import atomic_write

from .palette import text_color, track_colors
from .timeline import Segment, Timeline

_GAP_STYLE = dict(facecolor="white", edgecolor="0.6", hatch="/////", linewidth=0.6)
_SWITCH_STYLE = dict(
    marker="v", color="black", markersize=9, markeredgecolor="white", linestyle="none"
)
_MERGE_STYLE = dict(color="black", linewidth=1.4, marker="|", markersize=9)
_MERGE_TEXT = dict(
    fontsize=7,
    ha="center",
    va="bottom",
    zorder=5,
    bbox=dict(facecolor="white", edgecolor="none", alpha=0.8, pad=1),
)


def draw_timeline(timeline: Timeline, *, title: str = "", max_rows: int = 60) -> Figure:
    """Draw a timeline: one row per person, coloured by predicted id as in the video.

    Where two tracks were merged, a line leads from the last pose of the one to the first of the
    other, with the id that this had before; from one row to another where the two tracks are of
    different people.

    Args:
        timeline: From :func:`~.timeline.build_timeline`.
        title: Name of the video.
        max_rows: The picture keeps at most so many rows, those with the most switches and then
            the longest; the title says how many there are.

    Returns:
        A figure that belongs to no global state of matplotlib.

    Raises:
        ValueError: ``max_rows`` is less than 1.
    """
    if max_rows < 1:
        raise ValueError(f"max_rows must be at least 1, got {max_rows}")
    rows = _chosen_rows(timeline, max_rows)
    figure = Figure(figsize=(11, 1.5 + 0.34 * max(len(rows), 1)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    place = {row: i for i, row in enumerate(rows)}
    edges = _edges(timeline.frames)
    for segment in timeline.segments:
        if segment.row in place:
            _draw_segment(axes, segment, place[segment.row], edges)
    shown = [s for s in timeline.switches if s.row in place]
    axes.plot(
        [edges[s.column] for s in shown],
        [place[s.row] - 0.42 for s in shown],
        zorder=4,
        clip_on=False,
        **_SWITCH_STYLE,
    )
    merges = [m for m in timeline.merges if m.row in place and m.later_row in place]
    for merge in merges:
        heights = place[merge.row], place[merge.later_row]
        ends = edges[merge.end], edges[merge.begin]
        axes.plot(ends, heights, zorder=4, clip_on=False, **_MERGE_STYLE)
        middle = sum(ends) / 2, sum(heights) / 2 - 0.08
        axes.text(*middle, f"was {merge.later_id}", **_MERGE_TEXT)
    _finish_axes(axes, timeline, rows, edges)
    axes.set_title(_headline(timeline, title, len(rows)), loc="left", fontsize=11)
    if (timeline.has_ground_truth and len(rows)) or merges:
        _add_legend(figure, timeline)
    return figure


def save_timeline(
    timeline: Timeline, path: str | os.PathLike, *, title: str = "", max_rows: int = 60
) -> None:
    """Draw a timeline and write it as PNG, whole or not at all; see ``draw_timeline``."""
    figure = draw_timeline(timeline, title=title, max_rows=max_rows)
    with atomic_write(path, "wb") as file:
        figure.savefig(file, format="png", dpi=110)


def _chosen_rows(timeline: Timeline, max_rows: int) -> list[int]:
    num_rows = len(timeline.row_ids)
    owner = np.array([s.row for s in timeline.segments], dtype=np.int64)
    lengths = np.array([s.stop - s.start for s in timeline.segments], dtype=np.float64)
    length = np.bincount(owner, weights=lengths, minlength=num_rows)
    switches = np.bincount(
        np.array([s.row for s in timeline.switches], dtype=np.int64), minlength=num_rows
    )
    return sorted(np.lexsort((-length, -switches))[:max_rows].tolist())


def _edges(frames: np.ndarray) -> np.ndarray:
    """(T + 1,) where each column begins on the time axis; the last one is one frame wide."""
    return np.append(frames, frames[-1] + 1) if len(frames) else np.array([0])


def _draw_segment(axes: Axes, segment: Segment, y: int, edges: np.ndarray) -> None:
    start, stop = edges[segment.start], edges[segment.stop]
    if segment.track_id == UNTRACKED:
        axes.barh(y, stop - start, left=start, height=0.5, **_GAP_STYLE)
        return
    color = track_colors(segment.track_id)[0]
    axes.barh(y, stop - start, left=start, height=0.72, color=color / 255, linewidth=0)
    if stop - start >= 0.012 * len(str(segment.track_id)) * (edges[-1] - edges[0]):
        axes.text(
            (start + stop) / 2,
            y,
            str(segment.track_id),
            ha="center",
            va="center",
            fontsize=8,
            color=np.array(text_color(color)) / 255,
        )


def _finish_axes(axes: Axes, timeline: Timeline, rows: Sequence[int], edges: np.ndarray) -> None:
    kind = "person" if timeline.has_ground_truth else "track"
    labels = [f"{kind} {timeline.row_ids[row]}" for row in rows]
    counts = [timeline.switches_of(row) for row in rows]
    labels = [
        f"{label}  ({_count(n, 'switch', 'es')})" if n else label
        for label, n in zip(labels, counts, strict=True)
    ]
    axes.set_yticks(range(len(rows)), labels, fontsize=9)
    axes.set_ylim(max(len(rows), 1) - 0.4, -0.75)
    axes.set_xlim(edges[0], max(edges[-1], edges[0] + 1))
    axes.set_xlabel("frame")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(axis="x", color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _headline(timeline: Timeline, title: str, num_shown: int) -> str:
    num_rows = len(timeline.row_ids)
    if timeline.has_ground_truth:
        parts = [
            _count(num_rows, "person", "", plural="people"),
            _count(len(timeline.switches), "identity switch", "es"),
        ]
        if num_rows:
            parts.append(f"tracked {timeline.coverage:.0%} of the time")
    else:
        parts = [_count(num_rows, "track", "s"), "no ground truth"]
    if num_merges := len(timeline.merges) + timeline.merges_elsewhere:
        parts.append(_count(num_merges, "merge", "s"))
    if timeline.merges_elsewhere:
        parts[-1] += f" ({timeline.merges_elsewhere} of tracks on nobody annotated)"
    if num_shown < num_rows:
        parts.append(f"{num_shown} rows shown")
    return f"{title}:  " * bool(title) + ", ".join(parts)


def _count(number: int, noun: str, ending: str, plural: str = "") -> str:
    return f"{number} {noun if number == 1 else plural or noun + ending}"


def _add_legend(figure: Figure, timeline: Timeline) -> None:
    handles = []
    if timeline.has_ground_truth:
        handles = [
            Line2D([], [], label="identity switch", **_SWITCH_STYLE),
            Patch(label="not tracked", **_GAP_STYLE),
        ]
    if timeline.merges:
        handles.append(Line2D([], [], label="two tracks merged", **_MERGE_STYLE))
    figure.legend(
        handles=handles, loc="outside lower right", ncols=len(handles), frameon=False, fontsize=8
    )
