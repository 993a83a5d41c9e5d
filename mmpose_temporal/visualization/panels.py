"""Pictures put together of others: titles, rows, bars of colours."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from .drawing import OUTLINE, draw_text

BAR = 24
"""Height of a title or of a bar of colours, pixels."""

GAP = 6
PAPER = (255, 255, 255)
_ROOM_FOR_LEGEND = 640


def scaled(image: np.ndarray, scale: float) -> np.ndarray:
    """The image, enlarged; averaged over areas where it becomes smaller."""
    if scale == 1:
        return image
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=way)


def titled(image: np.ndarray, text: str) -> np.ndarray:
    """The image under a white band with a text."""
    band = np.full((BAR, image.shape[1], 3), PAPER, np.uint8)
    draw_text(band, text, (4, BAR - 7), 0.45, OUTLINE)
    return np.concatenate([band, image])


def stacked(rows: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
    """Pictures in rows, on white; those of a row begin at its top."""
    lines = []
    for row in rows:
        height = max(cell.shape[0] for cell in row)
        gap = np.full((height, GAP, 3), PAPER, np.uint8)
        cells = [_filled(cell, height, cell.shape[1]) for cell in row]
        lines.append(np.concatenate([part for cell in cells for part in (gap, cell)][1:], axis=1))
    width = max(line.shape[1] for line in lines)
    return np.concatenate([_filled(line, line.shape[0] + GAP, width) for line in lines])


def _filled(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """White to the right and below."""
    missing = ((0, height - image.shape[0]), (0, width - image.shape[1]), (0, 0))
    return np.pad(image, missing, constant_values=255)


def draw_bar(
    area: np.ndarray,
    colors: Callable[[np.ndarray], np.ndarray],
    caption: str = "",
    *,
    top: str = "1",
) -> None:
    """The colours from 0 to 1, with their numbers, in the middle of an area.

    Args:
        area: (24, W, 3), changed.
        colors: (n,) in [0, 1] -> (n, 3) uint8 RGB.
        caption: Stands before them if there is room for it.
        top: What 1 stands for.
    """
    width = area.shape[1]
    if width >= _ROOM_FOR_LEGEND:
        draw_text(area, caption, (4, BAR - 7), 0.45, OUTLINE)
    low, high = width // 4, width - width // 4
    area[4:-4, low:high] = colors(np.linspace(0, 1, high - low))
    draw_text(area, "0", (max(low - 16, 0), BAR - 6), 0.5, OUTLINE)
    draw_text(area, top, (high + 4, BAR - 6), 0.5, OUTLINE)
