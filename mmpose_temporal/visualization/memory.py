"""Pictures of a memory of poses (PTM): attention over stored frames, and qualities over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

COLUMNS = 6
"""Crops in a row."""

_REPLACED = "#00e5ff"
_POINT = "#ffea00"


@dataclass(frozen=True, slots=True, eq=False)
class EntryPicture:
    """A stored entry, as it is drawn.

    Attributes:
        image: (H, W, 3) uint8 RGB, the crop that it is of.
        weights: (h, w), the attention over its cells.
        title: What is written above it.
        replaced: (R, 2) integers, x and y of its cells that were replaced when it was written.
    """

    image: np.ndarray
    weights: np.ndarray
    title: str
    replaced: np.ndarray


def draw_memory(
    image: np.ndarray,
    point: np.ndarray,
    entries: Sequence[EntryPicture],
    *,
    signed: bool = False,
    title: str = "frame t",
    headline: str = "",
) -> Figure:
    """The attention of a point of a crop over the cells of stored frames.

    The first crop is the one that reads, with the point and its cell in yellow. The others are the
    entries, in grey, their cells coloured by their weights, with one scale for all of them: yellow
    for the largest, and transparent up to the mean of all cells, a line on the scale. With
    ``signed`` red is for positive and blue for negative weights, and 0 is transparent. Cells that
    were replaced have a frame of light blue.

    Args:
        image: (H, W, 3) uint8 RGB.
        point: (2,), shares of its width and height.
        entries: One or more, of crops of any size.
        signed: The weights may be negative, as CoDA's are.
        title: Above the first crop.
        headline: Of the whole.

    Returns:
        A figure that belongs to no global state of matplotlib.

    Raises:
        ValueError: There are no entries, or their grids differ.
    """
    grids = {entry.weights.shape for entry in entries}
    if len(grids) != 1:
        raise ValueError(f"draw_memory needs entries of one grid of cells, got {sorted(grids)}")
    [grid] = grids
    columns = min(COLUMNS, 1 + len(entries))
    rows = -(-(1 + len(entries)) // columns)
    share = image.shape[0] / image.shape[1]
    size = (1.0 + 1.55 * columns, 0.6 + (1.45 * share + 0.35) * rows)
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False)
    top = max(max(float(np.abs(entry.weights).max()) for entry in entries), 1e-12)
    low = 0.0 if signed else float(np.mean([entry.weights.mean() for entry in entries]))
    norm = Normalize(-top if signed else 0, top)
    colors = ScalarMappable(norm, "RdBu_r" if signed else "plasma")
    _draw_reader(panels.flat[0], image, point, grid)
    panels.flat[0].set_title(title, fontsize=9)
    for axes, entry in zip(panels.flat[1:], entries, strict=False):
        _draw_entry(axes, entry, colors, low, top)
    for axes in panels.flat:
        axes.set(xticks=[], yticks=[])
    for axes in panels.flat[1 + len(entries) :]:
        axes.set_axis_off()
    label = "weight of a cell" + ("" if signed else " (line: mean)")
    bar = figure.colorbar(colors, ax=panels, shrink=0.8, label=label)
    bar.ax.tick_params(labelsize=7)
    if not signed:
        bar.ax.axhline(low, color="white", linewidth=1.5)
    characters = int(11 * size[0])  # of a line of that size
    figure.suptitle("\n".join(wrap(headline, characters)), fontsize=10)
    return figure


def _draw_reader(axes: Axes, image: np.ndarray, point: np.ndarray, grid: tuple[int, int]) -> None:
    """The crop that reads, with its point and the cell of it."""
    height, width = image.shape[:2]
    axes.imshow(image)
    cell = np.minimum(point * grid[::-1], np.array(grid[::-1]) - 1).astype(int)
    _frame(axes, cell, image, grid, _POINT)
    x, y = point * (width, height) - 0.5
    axes.plot([x], [y], "o", color=_POINT, markersize=5, markeredgecolor="black")


def _draw_entry(
    axes: Axes, entry: EntryPicture, colors: ScalarMappable, low: float, top: float
) -> None:
    """A grey crop under coloured cells, transparent up to the weight ``low``."""
    height, width = entry.image.shape[:2]
    grey = cv2.cvtColor(entry.image, cv2.COLOR_RGB2GRAY)
    axes.imshow(grey, cmap="gray", vmin=0, vmax=320)
    overlay = colors.to_rgba(entry.weights)
    share = (np.abs(entry.weights) - low) / max(top - low, 1e-12)
    overlay[..., 3] = 0.9 * np.clip(share, 0, 1) ** 0.7  # weak ones are seen too
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    axes.imshow(overlay, extent=extent, interpolation="nearest")
    for cell in entry.replaced:
        _frame(axes, cell, entry.image, entry.weights.shape, _REPLACED)
    axes.set_title(entry.title, fontsize=9)


def _frame(
    axes: Axes, cell: np.ndarray, image: np.ndarray, grid: tuple[int, int], color: str
) -> None:
    """A frame around a cell (x, y) of a grid over a picture."""
    width, height = image.shape[1] / grid[1], image.shape[0] / grid[0]
    corner = (cell[0] * width - 0.5, cell[1] * height - 0.5)
    axes.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=color, linewidth=1.6))


def draw_qualities(
    frames: np.ndarray,
    quality: np.ndarray,
    replaced: np.ndarray,
    stored: np.ndarray,
    names: Sequence[str],
    *,
    high_thr: float,
    low_thr: float,
    heatmap_thr: float,
    keypoint: int | None = None,
    headline: str = "",
) -> Figure:
    """How well a person's keypoints were found over time, and what the memory did about it.

    Above, the quality of one keypoint with the two thresholds; in the middle those of all, with a
    dot for those that were saved and a cross for those that were replaced; below their sums with
    the threshold of entries, filled where the entry was stored.

    Args:
        frames: (T,) positions in the video.
        quality: (T, K).
        replaced: (T, K) bool.
        stored: (T,) bool.
        names: Of the K keypoints.
        high_thr: See :class:`PoseTemporalMemory`.
        low_thr: Likewise.
        heatmap_thr: Likewise.
        keypoint: The one that is drawn above. None: all of them in grey.
        headline: Of the whole.

    Returns:
        A figure that belongs to no global state of matplotlib.

    Raises:
        ValueError: The shapes do not fit each other, or there is no such keypoint.
    """
    shape = (len(frames), len(names))
    if not (quality.shape == replaced.shape == shape and stored.shape == shape[:1] and shape[0]):
        raise ValueError(
            "draw_qualities needs quality and replaced (T, K), stored (T,) of T frames and K "
            f"names, got {quality.shape}, {replaced.shape} and {stored.shape} for {shape}"
        )
    if keypoint is not None and not 0 <= keypoint < shape[1]:
        raise ValueError(f"keypoints are 0 to {shape[1] - 1}, there is no {keypoint}")
    size = (max(6.0, min(2.2 + 0.28 * shape[0], 16)), 3.8 + 0.16 * shape[1])
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    ratios = [1.4, 0.14 * shape[1] + 0.4, 1.1]
    upper, middle, lower = figure.subplots(3, 1, sharex=True, height_ratios=ratios)
    upper.plot(frames, quality, color="0.8", linewidth=0.7)
    if keypoint is not None:
        upper.plot(frames, quality[:, keypoint], "o-", color="tab:blue", markersize=3)
        mine = replaced[:, keypoint]
        upper.plot(frames[mine], quality[mine, keypoint], "x", color="red", markersize=7)
        upper.set_title(names[keypoint], fontsize=9, loc="left")
    for name, value in (("high_thr", high_thr), ("low_thr", low_thr)):
        upper.axhline(value, color="0.3", linestyle="--", linewidth=0.9)
        _name_line(upper, name, value)
    upper.set_ylabel("quality", fontsize=8)
    _draw_all(middle, frames, quality, replaced, names, high_thr)
    sums = quality.sum(1)
    lower.plot(frames, sums, color="tab:blue", linewidth=1)
    for mask, fill in ((stored, "tab:blue"), (~stored, "white")):
        lower.plot(frames[mask], sums[mask], "o", color="tab:blue", markerfacecolor=fill)
    lower.axhline(heatmap_thr, color="0.3", linestyle="--", linewidth=0.9)
    _name_line(lower, "heatmap_thr", heatmap_thr)
    lower.set_ylabel("sum", fontsize=8)
    lower.set_xlabel("frame (filled: stored)", fontsize=8)
    for axes in (upper, middle, lower):
        axes.tick_params(labelsize=7)
    figure.suptitle(headline, fontsize=11)
    return figure


def _name_line(axes: Axes, name: str, value: float) -> None:
    """Write the name of a threshold at the right end of its line."""
    place = dict(xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=7)
    axes.annotate(f"{name} {value:g}", (0.995, value), **place)


def _draw_all(
    axes: Axes,
    frames: np.ndarray,
    quality: np.ndarray,
    replaced: np.ndarray,
    names: Sequence[str],
    high_thr: float,
) -> None:
    """A row for each keypoint, a column for each frame; frames without the person stay empty."""
    first, last = int(frames[0]), int(frames[-1])
    columns = frames - first
    shown = np.full((len(names), last - first + 1), np.nan)
    shown[:, columns] = quality.T
    extent = (first - 0.5, last + 0.5, len(names) - 0.5, -0.5)
    picture = axes.imshow(
        shown, cmap="viridis", aspect="auto", extent=extent, interpolation="nearest"
    )
    for mask, mark, color in ((quality > high_thr, ".", "white"), (replaced, "x", "red")):
        when, which = np.nonzero(mask)
        axes.plot(frames[when], which, mark, color=color, markersize=4, linestyle="none")
    axes.set_yticks(range(len(names)), names, fontsize=6)
    axes.set_title("dot: saved, cross: replaced", fontsize=8, loc="left")
    axes.figure.colorbar(picture, ax=axes, pad=0.01, aspect=14).ax.tick_params(labelsize=6)
