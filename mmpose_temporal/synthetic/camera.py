"""A pinhole camera that pans and zooms, and its projection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d


@dataclass(frozen=True, kw_only=True)
class Camera:
    """Camera at world (0, height, 0) that looks along +Z.

    Panning shifts and zooming scales the picture about its centre, so there is no parallax: the
    whole background is one still picture, the *canvas*, moved by the same map as the people.

    Attributes:
        width, height_px: Frame size in pixels.
        focal: Focal length in pixels at zoom 1.
        height: Height above the ground in metres.
        horizon: Row of the horizon at zoom 1 without pan.
        shift: (S, 2) pan in canvas pixels, one row for each rendered instant.
        zoom: (S,) scale, 1 = base.
    """

    width: int
    height_px: int
    focal: float
    height: float
    horizon: float
    shift: np.ndarray
    zoom: np.ndarray

    @property
    def centre(self) -> np.ndarray:
        """Middle of the frame in pixels (the top-left pixel's centre is (0, 0))."""
        return np.array([(self.width - 1) / 2, (self.height_px - 1) / 2])

    def to_base(self, points: np.ndarray) -> np.ndarray:
        """World (..., 3) metres to base pixels (..., 2): the picture at zoom 1 without pan."""
        depth = np.maximum(points[..., 2], 0.1)
        u = self.centre[0] + self.focal * points[..., 0] / depth
        v = self.horizon - self.focal * (points[..., 1] - self.height) / depth
        return np.stack([u, v], axis=-1)

    def base_to_frame(self, points: np.ndarray, instant: int) -> np.ndarray:
        """Base pixels (..., 2) to frame pixels at one rendered instant."""
        return (points - self.centre - self.shift[instant]) * self.zoom[instant] + self.centre

    def frame_to_base(self, points: np.ndarray, instant: int) -> np.ndarray:
        """Inverse of :meth:`base_to_frame`."""
        return (points - self.centre) / self.zoom[instant] + self.centre + self.shift[instant]

    def project(self, points: np.ndarray, instant: int) -> np.ndarray:
        """World (..., 3) metres to frame pixels (..., 2) at one rendered instant."""
        return self.base_to_frame(self.to_base(points), instant)

    def scale(self, depth: np.ndarray, instant: int) -> np.ndarray:
        """Pixels per metre at depth Z (any shape)."""
        return self.focal * self.zoom[instant] / np.maximum(depth, 0.1)

    def half_width(self, depth: float) -> float:
        """Metres from the middle of the base picture to its edge at depth Z."""
        return 0.5 * self.width / self.focal * depth

    def canvas_bounds(self) -> tuple[int, int, int, int]:
        """Smallest base-pixel rectangle (left, top, right, bottom) that any instant sees."""
        corners = np.array([[0, 0], [self.width - 1, self.height_px - 1]], dtype=float)
        seen = np.array([self.frame_to_base(corners, i) for i in range(len(self.zoom))])
        low, high = seen.min(axis=(0, 1)), seen.max(axis=(0, 1))
        left, top = np.floor(low).astype(int) - 2
        right, bottom = np.ceil(high).astype(int) + 2
        return int(left), int(top), int(right), int(bottom)


def sample_camera(
    rng: np.random.Generator,
    *,
    width: int,
    height: int,
    seconds: np.ndarray,
    still: bool,
    sway: float = 1.0,
) -> Camera:
    """Draws a camera and its path.

    Args:
        rng: Random generator.
        width, height: Frame size in pixels.
        seconds: (S,) times of the rendered instants, rising. Pan and zoom grow with the length
            of the video, so that a short one does not sweep through the place at once.
        still: No pan, zoom or shake.
        sway: Factor of pan and zoom.
    """
    instants, length = len(seconds), max(float(seconds[-1] - seconds[0]), 1e-6)
    time = (seconds - seconds[0]) / length
    shift, zoom = np.zeros((instants, 2)), np.ones(instants)
    kinds = ["still", "pan", "zoom", "both"]
    kind = "still" if still else str(rng.choice(kinds, p=[0.3, 0.3, 0.2, 0.2]))
    share = sway * min(1.0, length / 2.0)
    if kind in ("pan", "both"):
        reach = share * rng.uniform(0.08, 0.3) * width * rng.choice([-1, 1])
        shift[:, 0] = reach * (np.sin(np.pi * rng.uniform(0.6, 1.4) * (time - 0.5)))
    if kind in ("zoom", "both"):
        amount = share * rng.uniform(0.08, 0.22) * rng.choice([-1, 1])
        zoom = 1.08 * (1 + amount * np.sin(np.pi * rng.uniform(0.7, 1.3) * (time - 0.5)))
    if not still and rng.random() < 0.6:
        knots = np.arange(seconds[0], seconds[-1] + 0.1, 0.05)
        shake = gaussian_filter1d(rng.normal(size=(len(knots), 2)), 3.0, axis=0, mode="nearest")
        for axis in (0, 1):
            shift[:, axis] += 0.008 * height * np.interp(seconds, knots, shake[:, axis])
    tall = min(height, 0.8 * width)
    return Camera(
        width=width,
        height_px=height,
        focal=float(rng.uniform(1.5, 1.8) * tall),
        height=float(rng.uniform(1.25, 2.1)),
        horizon=float(rng.uniform(0.3, 0.42) * height),
        shift=shift,
        zoom=zoom,
    )
