"""Drawing of tubes and shadows with analytic anti-aliasing, one bounding box at a time."""

from __future__ import annotations

import numpy as np

from .tubes import PROFILE, Tube

_LIGHT = np.array([-0.42, -0.5, 0.76], dtype=np.float32)
_AMBIENT, _DIFFUSE = 0.5, 0.62


class Raster:
    """A picture under construction and the draw order of what is seen in each pixel.

    Attributes:
        picture: (H, W, 3) float32 BGR in [0, 255].
        order: (H, W) uint8: 0 is the background, larger values were drawn later, so they hide
            smaller ones.
    """

    def __init__(self, background: np.ndarray) -> None:
        self.picture = background.astype(np.float32)
        self.order = np.zeros(background.shape[:2], np.uint8)
        self._flat = self.picture.reshape(-1, 3)
        self._flat_order = self.order.reshape(-1)

    def _window(
        self, low: np.ndarray, high: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, int, int] | None:
        """Pixel columns and rows (float32) of a clipped box and its top-left; None if empty."""
        rows, columns = self.order.shape
        left, top = max(0, int(np.floor(low[0]))), max(0, int(np.floor(low[1])))
        right, bottom = (
            min(columns, int(np.ceil(high[0])) + 1),
            min(rows, int(np.ceil(high[1])) + 1),
        )
        if left >= right or top >= bottom:
            return None
        xs = np.arange(left, right, dtype=np.float32)
        ys = np.arange(top, bottom, dtype=np.float32)[:, None]
        return xs, ys, left, top

    def tube(self, tube: Tube, order: int) -> None:
        """Draws one tube over what is there.

        The cover of a pixel is its signed distance to the outline, clipped to one pixel; its
        brightness follows from the normal of the rounded surface; its colour is looked up by the
        place along the tube and the angle around it.
        """
        reach = float(max(tube.profile.max(), tube.caps.max())) + 1.0
        low = np.minimum(tube.start, tube.end) - reach
        high = np.maximum(tube.start, tube.end) + reach
        window = self._window(low, high)
        if window is None:
            return
        xs, ys, left, top = window
        axis = tube.end - tube.start
        length = float(np.hypot(*axis))
        unit = axis / length if length > 1e-3 else np.array([0.0, 1.0])
        length = max(length, 1e-3)
        dx, dy = np.float32(unit[0]), np.float32(unit[1])
        rx, ry = xs - np.float32(tube.start[0]), ys - np.float32(tube.start[1])
        along = rx * dx + ry * dy
        across = rx * dy - ry * dx
        place = along * np.float32((PROFILE - 1) / length)
        half = tube.profile[np.clip(place, 0, PROFILE - 1).astype(np.int16)]
        before, after = np.float32(1 / tube.caps[0]), np.float32(1 / tube.caps[1])
        beyond = np.maximum(along - np.float32(length), 0) * after + np.minimum(along, 0) * before
        lift = half * beyond
        cover = half - np.sqrt(across * across + lift * lift)
        cover = np.clip(cover + np.float32(0.5), 0, 1)
        inside = np.flatnonzero(cover)
        if not len(inside):
            return
        cover = cover.ravel()[inside]
        half = half.ravel()[inside]
        side = np.clip(across.ravel()[inside] / half, -0.98, 0.98)
        ahead = beyond.ravel()[inside]
        colour = self._surface(tube, side, ahead, along.ravel()[inside], length, unit)
        width = len(xs)
        pixels = (inside // width + top) * self.order.shape[1] + inside % width + left
        weight = cover[:, None]
        self._flat[pixels] += (colour - self._flat[pixels]) * weight
        self._flat_order[pixels[cover > 0.5]] = order

    def _surface(
        self,
        tube: Tube,
        side: np.ndarray,
        ahead: np.ndarray,
        along: np.ndarray,
        length: float,
        unit: np.ndarray,
    ) -> np.ndarray:
        """Shaded colours (n, 3) of the covered pixels."""
        normal = np.sqrt(np.maximum(1 - side * side - ahead * ahead, 0.02))
        lit = (
            side * np.float32(unit[1] * _LIGHT[0] - unit[0] * _LIGHT[1])
            + ahead * np.float32(unit[0] * _LIGHT[0] + unit[1] * _LIGHT[1])
            + normal * _LIGHT[2]
        )
        shade = (_AMBIENT + _DIFFUSE * np.maximum(lit, 0)) * np.float32(tube.light)
        texture = tube.texture
        rows, columns = texture.shape[:2]
        if rows == columns == 1:
            return shade[:, None] * texture[0, 0]
        whole = length + tube.caps[0] + tube.caps[1]
        row = ((along + tube.caps[0]) * np.float32(rows / whole)).astype(np.int32)
        turn = (np.arcsin(side) + np.float32(tube.azimuth + np.pi)) * np.float32(
            columns / (2 * np.pi)
        )
        column = np.floor(turn).astype(np.int32) % columns
        return texture[np.clip(row, 0, rows - 1), column] * shade[:, None]

    def shadow(self, centre: np.ndarray, radii: tuple[float, float], strength: float) -> None:
        """Darkens a soft ellipse on the ground, ``radii`` in pixels."""
        reach = 2.2 * np.asarray(radii)
        window = self._window(centre - reach, centre + reach)
        if window is None:
            return
        xs, ys, left, top = window
        squared = ((xs - centre[0]) / radii[0]) ** 2 + ((ys - centre[1]) / radii[1]) ** 2
        factor = (1 - strength * np.exp(-squared)).astype(np.float32)
        area = self.picture[top : top + len(ys), left : left + len(xs)]
        area *= factor[..., None]

    def paste(
        self, colour: np.ndarray, cover: np.ndarray, corner: tuple[int, int], order: int
    ) -> None:
        """Blends a sprite (h, w, 3) with cover (h, w) in [0, 1] at (left, top), clipped."""
        rows, columns = self.order.shape
        left, top = corner
        x0, y0 = max(0, left), max(0, top)
        x1, y1 = min(columns, left + cover.shape[1]), min(rows, top + cover.shape[0])
        if x0 >= x1 or y0 >= y1:
            return
        part = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
        area = self.picture[y0:y1, x0:x1]
        weight = cover[part]
        area += (colour[part] - area) * weight[..., None]
        self.order[y0:y1, x0:x1][weight > 0.5] = order
