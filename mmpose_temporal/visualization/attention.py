"""Pictures of pose entailment: attention between two poses, and match scores.

Figs. 1 and 8 of Snower et al., 15 Keypoints Is All You Need, CVPR 2020.

J tokens of each of two poses: those of the current pose first, then those of the earlier one.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

MARGIN = 0.15
"""Around a pose, as a share of its larger side."""


def received_attention(maps: np.ndarray, visible: np.ndarray) -> np.ndarray:
    """How much each joint is attended to.

    Choice: the mean over the queries of visible joints, as the others' answers are not used.

    Args:
        maps: (..., 2J, 2J), row = query, column = key; a row's sum is 1.
        visible: (2, J) bool.

    Returns:
        (..., 2, J); the sum over the two poses' joints is 1.

    Raises:
        ValueError: The shapes do not fit, or no joint is visible.
    """
    visible = np.asarray(visible, bool)
    count = visible.size
    if visible.ndim != 2 or len(visible) != 2 or maps.shape[-2:] != (count, count):
        raise ValueError(
            f"attention between two poses of J joints is (..., 2J, 2J) with visible (2, J), got "
            f"{maps.shape} and {visible.shape}"
        )
    if not visible.any():
        raise ValueError("no joint of the two poses is visible, so that nothing is attended to")
    return maps[..., visible.ravel(), :].mean(-2).reshape(*maps.shape[:-2], *visible.shape)


def draw_attention(
    attention: np.ndarray,
    keypoints: np.ndarray,
    visible: np.ndarray,
    links: np.ndarray,
    *,
    titles: Sequence[Sequence[str]] | None = None,
    headline: str = "",
    images: Sequence[np.ndarray] | None = None,
) -> Figure:
    """Two poses side by side, the earlier one left, once for each layer and head.

    The joints are coloured by the attention they receive: white for none, bright red for the
    most in that layer and head.

    Args:
        attention: (R, C, 2, J), of R layers and C heads; [..., 0, :] is the current pose.
        keypoints: (2, J, 2) image pixels, the current pose first.
        visible: (2, J) bool, joints that are drawn.
        links: (L, 2) integer pairs of joints.
        titles: R rows of C texts. None: none.
        headline: Of the whole.
        images: The current and the earlier frame, (H, W, 3) uint8 RGB, to draw on. None: white.

    Returns:
        A figure that belongs to no global state of matplotlib.

    Raises:
        ValueError: The shapes do not fit each other.
    """
    joints = keypoints.shape[1]
    if (
        attention.ndim != 4
        or attention.shape[2:] != (2, joints)
        or keypoints.shape != (2, joints, 2)
        or visible.shape != (2, joints)
    ):
        raise ValueError(
            "draw_attention needs attention (R, C, 2, J), keypoints (2, J, 2) and visible "
            f"(2, J), got {attention.shape}, {keypoints.shape} and {visible.shape}"
        )
    rows, columns = attention.shape[:2]
    figure = Figure(figsize=(0.8 + 3.2 * columns, 0.7 + 2.1 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subfigures(rows, columns, squeeze=False)
    for row, column in np.ndindex(rows, columns):
        panel, received = panels[row, column], attention[row, column]
        if titles is not None:
            panel.suptitle(titles[row][column], fontsize=9)
        for axes, pose in zip(panel.subplots(1, 2), (1, 0), strict=True):
            image = None if images is None else images[pose]
            _draw_pose(axes, keypoints[pose], visible[pose], links, image)
            dots = axes.scatter(
                *keypoints[pose][visible[pose]].T,
                c=received[pose][visible[pose]],
                cmap="Reds",
                vmin=0,
                vmax=max(received.max(), 1e-6),
                s=32,
                edgecolors="0.2",
                linewidths=0.6,
                zorder=3,
            )
            share = received[pose].sum()
            axes.set_xlabel(f"{('current', 'earlier')[pose]}: {share:.0%}", fontsize=8)
        panel.colorbar(dots, ax=panel.axes, shrink=0.8).ax.tick_params(labelsize=7)
    figure.suptitle(headline, fontsize=11)
    return figure


def _draw_pose(
    axes: Axes,
    keypoints: np.ndarray,
    visible: np.ndarray,
    links: np.ndarray,
    image: np.ndarray | None,
) -> None:
    """Links of a pose, and the part of the frame around it."""
    shown = links[visible[links].all(1)]
    axes.plot(*keypoints[shown].transpose(2, 1, 0), color="0.3", linewidth=1.5, zorder=2)
    if image is not None:
        axes.imshow(image, alpha=0.6, zorder=1)
    axes.set(xticks=[], yticks=[], aspect="equal")
    places = keypoints[visible]
    if len(places):
        middle = (places.min(0) + places.max(0)) / 2
        reach = max(np.ptp(places, axis=0).max() * (0.5 + MARGIN), 1)
        axes.set_xlim(middle[0] - reach, middle[0] + reach)
        axes.set_ylim(middle[1] + reach, middle[1] - reach)


def draw_scores(
    scores: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    headline: str = "",
    row_label: str = "pose of the frame",
    column_label: str = "remembered pose",
) -> Figure:
    """The match scores of a frame's poses with remembered ones, as a matrix.

    Args:
        scores: (M, E) in [0, 1]; NaN for pairs that were not scored.
        rows: M names.
        columns: E names.
        headline: Of the whole.
        row_label: What rows are.
        column_label: What columns are.

    Returns:
        A figure that belongs to no global state of matplotlib.

    Raises:
        ValueError: The names do not fit the scores.
    """
    if scores.shape != (len(rows), len(columns)):
        raise ValueError(
            f"scores of {scores.shape} need as many names, got {len(rows)} and {len(columns)}"
        )
    size = (2.5 + 0.5 * max(len(columns), 4), 1.6 + 0.4 * max(len(rows), 3))
    figure = Figure(figsize=np.minimum(size, 40), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_facecolor("0.92")
    extent = (-0.5, max(len(columns), 1) - 0.5, max(len(rows), 1) - 0.5, -0.5)
    picture = axes.imshow(scores, cmap="viridis", vmin=0, vmax=1, aspect="auto", extent=extent)
    small = 8 if max(scores.shape, default=0) <= 30 else 5
    for row, column in np.argwhere(np.isfinite(scores)).tolist():
        value = scores[row, column]
        text = f"{value:.2f}"
        color = "black" if value > 0.6 else "white"
        axes.text(column, row, text, ha="center", va="center", fontsize=small, color=color)
    axes.set_xticks(range(len(columns)), columns, rotation=90, fontsize=small)
    axes.set_yticks(range(len(rows)), rows, fontsize=small)
    axes.set(xlabel=column_label, ylabel=row_label)
    axes.set_title(headline, loc="left", fontsize=10)
    figure.colorbar(picture, ax=axes, label="match score")
    return figure


def figure_image(figure: Figure, dpi: int = 110) -> np.ndarray:
    """A figure as a picture, (H, W, 3) uint8 RGB."""
    figure.set_dpi(dpi)
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()
