"""Things that stand in front of people: poles, trees, bushes, boxes, bins and cars."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .camera import Camera
from .raster import Raster
from .textures import smooth_noise

KINDS = ("pole", "tree", "bush", "box", "bin", "car")
_SIZES = {  # metres: width, height
    "pole": (0.16, 4.6),
    "tree": (0.36, 5.5),
    "bush": (1.3, 1.0),
    "box": (0.8, 0.75),
    "bin": (0.5, 0.95),
    "car": (3.9, 1.45),
}


@dataclass(frozen=True, kw_only=True)
class Occluder:
    """A flat picture that stands on the ground and faces the camera.

    Attributes:
        position: World X and Z in metres of the middle of its foot.
        size: Width and height in metres.
        colour: (h, w, 3) float32 BGR.
        cover: (h, w) float32 in [0, 1].
    """

    position: tuple[float, float]
    size: tuple[float, float]
    colour: np.ndarray
    cover: np.ndarray

    def draw(self, raster: Raster, camera: Camera, instant: int, order: int) -> None:
        """Draws it, scaled to its depth."""
        x, z = self.position
        scale = float(camera.scale(np.asarray(z), instant))
        foot = camera.project(np.array([x, 0.0, z]), instant)
        wide, tall = self.size[0] * scale, self.size[1] * scale
        raster.shadow(foot, (0.62 * wide, 0.06 * tall + 0.1 * wide), 0.4)
        left, top = foot[0] - wide / 2, foot[1] - tall
        x0, y0 = int(np.floor(left)) - 1, int(np.floor(top)) - 1
        columns, rows = int(np.ceil(wide)) + 3, int(np.ceil(tall)) + 3
        height, width = self.cover.shape
        across, down = wide / width, tall / height
        matrix = np.array(
            [[across, 0, left - x0 + 0.5 * across], [0, down, top - y0 + 0.5 * down]]
        )
        size = (columns, rows)
        cover = cv2.warpAffine(self.cover, matrix, size, flags=cv2.INTER_LINEAR)
        colour = cv2.warpAffine(
            self.colour, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        raster.paste(colour, cover, (x0, y0), order)


def make_occluder(
    rng: np.random.Generator,
    kind: str,
    position: tuple[float, float],
    pixels_per_metre: float,
) -> Occluder:
    """Draws one object.

    Args:
        rng: Random generator.
        kind: One of :data:`KINDS`.
        position: World X and Z in metres.
        pixels_per_metre: Resolution of its picture.

    Raises:
        ValueError: For an unknown kind.
    """
    if kind not in _SIZES:
        raise ValueError(f"unknown occluder {kind!r}; choose one of {', '.join(KINDS)}")
    size = tuple(value * rng.uniform(0.88, 1.15) for value in _SIZES[kind])
    width = max(4, round(size[0] * pixels_per_metre))
    height = max(8, round(size[1] * pixels_per_metre))
    painter = {"pole": _round, "tree": _round, "bin": _round}.get(kind, _PAINTERS.get(kind))
    colour, cover = painter(rng, kind, height, width)
    return Occluder(position=position, size=size, colour=colour, cover=cover)


def _grid(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    rows = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / height
    columns = (np.arange(width, dtype=np.float32)[None, :] + 0.5) / width
    return rows, columns


def _round(rng: np.random.Generator, kind: str, height: int, width: int):
    """Upright cylinder."""
    rows, columns = _grid(height, width)
    shade = 0.45 + 0.75 * np.sqrt(np.maximum(0, 1 - ((columns - 0.38) / 0.68) ** 2))
    if kind == "tree":
        bark = smooth_noise(rng, width * 2, height, 12)
        bark = cv2.resize(bark.T, (width, height), interpolation=cv2.INTER_AREA)
        base = np.array([52.0, 72, 94]) * (1 + 0.5 * bark[..., None])
    elif kind == "bin":
        bands = np.where(np.abs(rows % 0.28 - 0.03) < 0.02, 0.6, 1.0)[..., None]
        base = np.array([60.0, 110, 60]) * rng.uniform(0.7, 1.3) * bands * np.ones((1, width, 1))
    else:
        base = np.full((height, width, 3), rng.uniform(70, 170))
        if rng.random() < 0.3:
            base[(rows[:, 0] * 10).astype(int) % 2 == 0] = [40, 40, 210]
    return (base * shade[..., None]).astype(np.float32), np.ones((height, width), np.float32)


def _bush(rng: np.random.Generator, kind: str, height: int, width: int):
    """Many leaves in a rounded heap, lighter on top."""
    colour = np.zeros((height, width, 3), np.float32)
    cover = np.zeros((height, width), np.float32)
    green = np.array([42.0, 112, 68]) + rng.uniform(-20, 20, 3)
    angle, radius = rng.uniform(0, np.pi, 240), np.sqrt(rng.uniform(0, 1, 240))
    xs = width * (0.5 + 0.42 * radius * np.cos(angle))
    ys = height * (1.0 - 0.85 * radius * np.sin(angle))
    for x, y, grey in zip(xs, ys, rng.uniform(0.7, 1.2, 240), strict=True):
        shade = np.clip(green * grey * (1.25 - 0.55 * y / height), 0, 255)
        size = max(1, int(0.065 * height * rng.uniform(0.6, 1.5)))
        cv2.circle(colour, (int(x), int(y)), size, [float(v) for v in shade], -1)
        cv2.circle(cover, (int(x), int(y)), size, 1.0, -1)
    return colour, cover


def _box(rng: np.random.Generator, kind: str, height: int, width: int):
    """A wooden crate or a cardboard box with a lit lid."""
    rows, columns = _grid(height, width)
    base = np.array([88.0, 132, 170]) + rng.uniform(-25, 25, 3)
    lid = rows < 0.16
    board = np.where((rows * 5 % 1 < 0.07) | (np.abs(columns - 0.5) > 0.46), 0.75, 1.0)
    shade = np.where(lid, 1.2, board * (1.0 - 0.2 * columns))
    slant = np.abs(columns - 0.5) > 0.5 - 0.09 * np.clip(1 - rows / 0.16, 0, 1)
    return (base * shade[..., None]).astype(np.float32), (~(slant & lid)).astype(np.float32)


def _car(rng: np.random.Generator, kind: str, height: int, width: int):
    """A car from the side."""
    colour = np.zeros((height, width, 3), np.float32)
    cover = np.zeros((height, width), np.float32)
    paint = rng.choice(
        [[60, 60, 200], [200, 120, 50], [220, 220, 220], [70, 70, 75], [90, 190, 230]]
    )
    rows, _ = _grid(height, width)
    size = np.array([width, height])
    outline = np.array(
        [
            [0.01, 0.62],
            [0.06, 0.46],
            [0.25, 0.4],
            [0.36, 0.04],
            [0.7, 0.02],
            [0.84, 0.4],
            [0.97, 0.48],
            [0.99, 0.8],
            [0.95, 0.86],
            [0.03, 0.86],
        ]
    )
    body = (outline * size).astype(np.int32)
    cv2.fillPoly(cover, [body], 1.0)
    colour[:] = np.asarray(paint, np.float32) * (1.15 - 0.5 * rows)[..., None]
    glass = np.array([[0.3, 0.4], [0.385, 0.1], [0.53, 0.09], [0.53, 0.4]])
    for pane in (glass, np.array([[0.56, 0.4], [0.56, 0.09], [0.68, 0.09], [0.79, 0.4]])):
        cv2.fillPoly(colour, [(pane * size).astype(np.int32)], (90.0, 78, 62))
    cv2.rectangle(colour, (0, int(0.64 * height)), (width, int(0.67 * height)), (50.0, 50, 50), -1)
    for x in (0.2, 0.8):
        centre, radius = (int(x * width), int(0.83 * height)), int(0.165 * height)
        cv2.circle(colour, centre, radius, (35.0, 35, 35), -1)
        cv2.circle(colour, centre, radius // 2, (150.0, 150, 150), -1)
        cv2.circle(cover, centre, radius, 1.0, -1)
    return colour, cover


_PAINTERS = {"bush": _bush, "box": _box, "car": _car}
