"""Ignore regions: parts of the image in which no joint is scored."""

from collections.abc import Sequence

import numpy as np


def points_in_polygon(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """Which points lie strictly inside a polygon (even-odd rule).

    A point on an edge or on a corner is outside, as the PoseTrack evaluation has it. Side tests
    are done in extended precision, so that whole-pixel coordinates are decided exactly.

    Args:
        points: (P, 2), pixels.
        polygon: (V, 2), pixels; the last corner joins the first.

    Returns:
        (P,) bool.
    """
    x, y = np.asarray(points, np.longdouble).reshape(-1, 2, 1).transpose(1, 0, 2)
    x1, y1 = np.asarray(polygon, np.longdouble).T
    x2, y2 = np.roll(x1, -1), np.roll(y1, -1)
    side = (x2 - x1) * (y - y1) - (x - x1) * (y2 - y1)
    in_box = (x >= np.minimum(x1, x2)) & (x <= np.maximum(x1, x2))
    in_box &= (y >= np.minimum(y1, y2)) & (y <= np.maximum(y1, y2))
    on_border = ((side == 0) & in_box).any(1)
    crosses = ((y1 > y) != (y2 > y)) & ((side > 0) == (y2 > y1))
    return (crosses.sum(1) % 2 == 1) & ~on_border


def points_in_regions(points: np.ndarray, regions: Sequence[np.ndarray]) -> np.ndarray:
    """Which points lie strictly inside any of some polygons.

    Args:
        points: (..., 2), pixels.
        regions: Polygons, each (V, 2), pixels.

    Returns:
        (...) bool.
    """
    flat = np.asarray(points).reshape(-1, 2)
    inside = np.zeros(len(flat), bool)
    for polygon in regions:
        inside |= points_in_polygon(flat, polygon)
    return inside.reshape(np.shape(points)[:-1])
