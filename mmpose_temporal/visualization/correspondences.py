"""Pictures of correspondences: where a point of one image is looked for and found in another."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .drawing import OUTLINE
from .panels import BAR, draw_bar, scaled, stacked, titled

QUERY = (0, 230, 60)
"""RGB of the cross at the point in the first image."""

FOUND = (230, 30, 30)
"""RGB of the ring around the highest value in the second image."""

TRUTH = (0, 230, 60)
"""RGB of the cross at the true place in the second image, where it is known."""


@dataclass(frozen=True, slots=True, eq=False)
class PointPicture:
    """One point, and the two maps over the second image in which it is looked for.

    Attributes:
        name: Of the point.
        query: (2,) pixels of the first image.
        raw: (h, w) in [0, 1], before refinement.
        refined: (h, w) in [0, 1], after it.
        raw_found: (2,) pixels of the second image.
        found: (2,) likewise.
        truth: (2,) pixels of the second image; NaN: not known.
        raw_score: How sure the place before refinement is, in its title.
        score: Likewise of the place after it.
    """

    name: str
    query: np.ndarray
    raw: np.ndarray
    refined: np.ndarray
    raw_found: np.ndarray
    found: np.ndarray
    truth: np.ndarray
    raw_score: float
    score: float


def heat_colors(values: np.ndarray) -> np.ndarray:
    """Colours of values: inferno, black for 0, pale yellow for 1.

    Args:
        values: (...) in [0, 1]; what lies outside takes the nearest colour.

    Returns:
        (..., 3) uint8 RGB.
    """
    levels = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    ramp = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[:, None], cv2.COLORMAP_INFERNO)
    return ramp[:, 0, ::-1][levels]


def draw_correspondences(
    image: np.ndarray,
    other: np.ndarray,
    points: Sequence[PointPicture],
    *,
    cell: float,
    titles: tuple[str, str] = ("", ""),
    raw_title: str = "affinity {:.2f}",
    refined_title: str = "confidence {:.2f}",
    headline: str | None = None,
    width: int = 360,
) -> np.ndarray:
    """Where points of an image are in another: a row for each, with three pictures.

    On the left the first image with a green cross at the point; in the middle the second one, in
    grey and dark, under the map before refinement; on the right that under the refined map. A red
    ring is where the point was found; a green cross is the true place. Cells are as bright as
    their values, the highest of each map is the brightest (choice: a network that is not trained
    long is never sure, and the titles have the scores of the places).

    Args:
        image: (H, W, 3) uint8 RGB.
        other: (H', W', 3) uint8 RGB.
        points: One or more.
        cell: Pixels of ``other`` per cell of the maps; the first cell begins in its corner.
        titles: Of the two images.
        raw_title: What the map before refinement shows, a format of its score.
        refined_title: Likewise after it.
        headline: Text above it all. None: there is no band for it.
        width: Of a picture, pixels.

    Returns:
        (H'', 3 width + 12, 3) uint8 RGB, with a bar of the colours at the bottom.

    Raises:
        ValueError: No point.
    """
    if not points:
        raise ValueError("draw_correspondences needs a point or more")
    scale, other_scale = width / image.shape[1], width / other.shape[1]
    first, second = scaled(image, scale), scaled(other, other_scale)
    rows = []
    for point in points:
        asked = first.copy()
        _cross(asked, _place(point.query, scale), QUERY)
        cells = [titled(asked, f"{titles[0]}: {point.name}" if titles[0] else point.name)]
        both = (
            (raw_title.format(point.raw_score), point.raw, point.raw_found),
            (refined_title.format(point.score), point.refined, point.found),
        )
        for title, values, found in both:
            brightest = max(float(values.max()), np.finfo(np.float32).tiny)
            picture = _under(second, values / brightest, cell * other_scale)
            if np.isfinite(point.truth).all():
                _cross(picture, _place(point.truth, other_scale), TRUTH)
            if np.isfinite(found).all():
                _ring(picture, _place(found, other_scale))
            cells.append(titled(picture, f"{titles[1]}: {title}" if titles[1] else title))
        rows.append(cells)
    picture = stacked(rows)
    bar = np.full((BAR, picture.shape[1], 3), 255, np.uint8)
    draw_bar(bar, heat_colors, "ring: found, cross: true place", top="highest")
    picture = np.concatenate([picture, bar])
    return picture if headline is None else titled(picture, headline)


def _place(point: np.ndarray, scale: float) -> np.ndarray:
    """Pixels of the scaled image; the centre of pixel (0, 0) is (0, 0), before and after."""
    return (np.asarray(point, np.float64) + 0.5) * scale - 0.5


def _under(image: np.ndarray, values: np.ndarray, cell: float) -> np.ndarray:
    """A grey, dark image under coloured cells of a side in pixels, clear where they are 0."""
    height, width = image.shape[:2]
    columns = np.minimum((np.arange(width) + 0.5) / cell, values.shape[1] - 1).astype(int)
    lines = np.minimum((np.arange(height) + 0.5) / cell, values.shape[0] - 1).astype(int)
    heat = np.clip(values, 0, 1)[lines[:, None], columns]
    opacity = np.sqrt(heat)[..., None]  # weak ones are seen too
    grey = 0.6 * cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None]
    return np.rint(grey * (1 - opacity) + heat_colors(heat) * opacity).astype(np.uint8)


def _ring(image: np.ndarray, place: np.ndarray) -> None:
    center = np.rint(place).astype(int).tolist()
    cv2.circle(image, center, 10, OUTLINE, 4, cv2.LINE_AA)
    cv2.circle(image, center, 10, FOUND, 2, cv2.LINE_AA)


def _cross(image: np.ndarray, place: np.ndarray, color: tuple[int, int, int]) -> None:
    """Four strokes that leave the place itself free."""
    x, y = np.rint(place).astype(int).tolist()
    for ink, thickness in ((OUTLINE, 4), (color, 2)):
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            start, stop = (x + 5 * dx, y + 5 * dy), (x + 11 * dx, y + 11 * dy)
            cv2.line(image, start, stop, ink, thickness, cv2.LINE_AA)
