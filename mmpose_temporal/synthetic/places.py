"""The places that :mod:`background` can paint, one function each."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from .background import Painter


def _sky(paint: Painter, edge: float) -> None:
    blue = np.array([225.0, 180, 130]) + paint.rng.uniform(-25, 20, 3)
    paint.backdrop(blue, np.array([238.0, 228, 215]), edge)
    clouds = np.clip(paint.noise(0.3, 4) * 2.2 - 0.25, 0, 1)
    paint.canvas.picture += (np.array([248.0, 246, 244]) - paint.canvas.picture) * clouds * 0.75


def _street(paint: Painter) -> float:
    """Buildings with windows behind a pavement and a road."""
    rng, edge = paint.rng, paint.row_of(24.0)
    _sky(paint, edge)
    x = -rng.uniform(0, 0.3) * paint.unit
    while x < paint.columns:
        width = rng.uniform(0.25, 0.6) * paint.unit
        top = edge - rng.uniform(0.3, 0.9) * max(edge, 0.3 * paint.unit)
        wall = paint.colour(90, 190, 28)
        paint.rectangle(x, top, x + width, edge, wall)
        step = rng.uniform(0.05, 0.09) * paint.unit
        glass = wall * 0.45 + np.array([40.0, 30, 15])
        for row in np.arange(top + 0.35 * step, edge - 1.3 * step, 1.3 * step):
            for column in np.arange(x + 0.3 * step, x + width - 0.6 * step, step):
                tone = 1.6 if rng.random() < 0.15 else rng.uniform(0.8, 1.1)
                paint.rectangle(column, row, column + 0.5 * step, row + 0.8 * step, glass * tone)
        paint.rectangle(
            x, edge - 0.9 * step, x + width, edge - 0.75 * step, paint.colour(60, 200, 70)
        )
        x += width
    across, depth, _ = paint.ground()
    pavement = paint.tiles(0.8, paint.colour(140, 170, 6), paint.colour(140, 170, 6))
    road = np.full_like(pavement, 1.0) * paint.colour(78, 98, 5)
    stripe = (np.abs(depth - 16.0) < 0.16) & (across % 3.0 < 1.7)
    road[stripe] = 215
    far = ((depth > 11.5) & (depth < 21))[..., None]
    kerb = ((depth > 11.2) & (depth <= 11.5))[..., None]
    paint.floor(np.where(kerb, 190, np.where(far, road, pavement)), edge, 0.16, hide=40)
    return 24.0


def _park(paint: Painter) -> float:
    """Hills, trees and grass, sometimes with a path."""
    rng, edge = paint.rng, paint.row_of(30.0)
    _sky(paint, edge)
    ridge = edge - (0.05 + 0.04 * paint.noise(0.4)[0, :, 0]) * paint.unit
    hills = np.arange(paint.rows)[:, None] > ridge[None, :]
    paint.canvas.picture[hills] = np.array([120.0, 140, 110]) * rng.uniform(0.7, 1.0)
    paint.trees(edge + 2, int(rng.integers(5, 12)), (0.2, 0.5))
    grass = np.array([52.0, 128, 92]) + rng.uniform(-16, 16, 3)
    across, depth, _ = paint.ground()
    colours = np.ones((paint.rows, paint.columns, 1)) * grass
    if rng.random() < 0.5:
        curve = 1.2 * np.sin(depth * 0.35 + rng.uniform(0, 6)) + rng.uniform(-1.5, 1.5)
        colours[np.abs(across - curve) < 1.0] = [140, 175, 195]
    paint.floor(colours * (1 + 0.25 * paint.noise(0.012, 2)), edge, 0.3, hide=30)
    return 30.0


def _indoor(paint: Painter) -> float:
    """A room: wall with pictures and a door, skirting board, wooden or tiled floor."""
    rng, depth = paint.rng, float(paint.rng.uniform(10.5, 13.0))
    edge = paint.row_of(depth)
    wall = paint.colour(150, 215, 25)
    paint.backdrop(wall * 0.85, wall * 1.05, edge)
    paint.canvas.picture *= 1 + 0.05 * paint.noise(0.25)
    if rng.random() < 0.5:
        stripe = (np.sin(paint.x / (0.035 * paint.unit)) > 0)[..., None]
        paint.canvas.picture *= np.where(stripe, 0.94, 1.0)
    x = rng.uniform(0.05, 0.25) * paint.unit
    while x < paint.columns:
        wide = rng.uniform(0.16, 0.34) * paint.unit
        if rng.random() < 0.3:
            tall = min(0.52 * paint.unit, 0.95 * edge)
            paint.rectangle(x - 4, edge - tall - 4, x + 0.2 * paint.unit + 4, edge, wall * 0.55)
            paint.rectangle(x, edge - tall, x + 0.2 * paint.unit, edge, paint.colour(70, 150, 40))
        else:
            top = edge - rng.uniform(0.35, 0.45) * paint.unit
            low = top + rng.uniform(0.12, 0.22) * paint.unit
            paint.rectangle(x - 3, top - 3, x + wide + 3, low + 3, wall * 0.4)
            paint.rectangle(x, top, x + wide, low, paint.colour(80, 230, 70))
            paint.rectangle(
                x + 0.2 * wide,
                top + 0.3 * (low - top),
                x + 0.7 * wide,
                low - 0.2 * (low - top),
                paint.colour(60, 220, 80),
            )
        x += wide + rng.uniform(0.12, 0.45) * paint.unit
    paint.rectangle(0, edge - 0.025 * paint.unit, paint.columns, edge, wall * 0.6)
    if rng.random() < 0.5:
        floor = paint.planks(0.22, np.array([85.0, 125, 165]) * rng.uniform(0.7, 1.2))
    else:
        floor = paint.tiles(
            rng.uniform(0.5, 1.0), paint.colour(150, 200, 15), paint.colour(90, 200, 15)
        )
    paint.floor(floor, edge, 0.08, hide=25)
    return depth


def _court(paint: Painter) -> float:
    """A sports hall: banners on the wall and lines on the floor."""
    rng, depth = paint.rng, 22.0
    edge = paint.row_of(depth)
    wall = paint.colour(70, 140, 30)
    paint.backdrop(wall * 0.7, wall, edge)
    paint.canvas.picture *= 1 + 0.08 * paint.noise(0.1)
    band = 0.07 * paint.unit
    for x in np.arange(-rng.uniform(0, band), paint.columns, 5 * band):
        paint.rectangle(x, edge - band, x + 4.7 * band, edge, paint.colour(50, 230, 90))
        text = "".join(rng.choice(list("ACEHKLMNORSTUVX"), 5))
        cv2.putText(
            paint.canvas.picture,
            text,
            (int(x + 0.5 * band), int(edge - 0.28 * band)),
            cv2.FONT_HERSHEY_SIMPLEX,
            band / 34,
            (245, 245, 245),
            2,
            cv2.LINE_AA,
        )
    across, far, _ = paint.ground()
    base = np.array([95.0, 150, 195]) if rng.random() < 0.5 else paint.colour(80, 150, 50)
    floor = paint.planks(0.15, base)
    lines = (np.abs(far - 8) < 0.06) | (np.abs(far - 15) < 0.08) | (np.abs(across + 2) < 0.05)
    ring = np.abs(np.hypot(across - 1, far - 8) - 1.8) < 0.05
    floor[lines | ring] = 235
    paint.floor(floor, edge, 0.06, hide=20)
    return depth


def _brick(paint: Painter) -> float:
    """A brick wall behind a paved yard."""
    rng, depth = paint.rng, float(paint.rng.uniform(10.5, 12.5))
    edge = paint.row_of(depth)
    tall = max(3.0, 0.024 * paint.unit)
    rows = np.floor((edge - np.arange(paint.rows)) / tall)[:, None]
    place = np.arange(paint.columns)[None, :] / (2.6 * tall) + 0.5 * (rows % 2)
    tone = 0.85 + 0.3 * np.abs(np.sin(rows * 12.98 + np.floor(place) * 78.2) * 43758.5 % 1)
    mortar = ((edge - np.arange(paint.rows)[:, None]) % tall < 0.16 * tall) | (place % 1 < 0.06)
    brick = np.array([70.0, 88, 150]) + rng.uniform(-20, 20, 3)
    paint.canvas.picture[:] = np.where(mortar[..., None], 165, brick * tone[..., None])
    paint.canvas.picture *= 1 + 0.12 * paint.noise(0.3)
    paint.floor(
        paint.tiles(0.6, paint.colour(120, 150, 8), paint.colour(120, 150, 8)), edge, 0.15, 40
    )
    return depth


def _beach(paint: Painter) -> float:
    """Sea and sand."""
    rng = paint.rng
    edge = paint.row_of(20.0)
    horizon = paint.row_of(400.0)
    _sky(paint, horizon)
    sea = np.array([150.0, 120, 50]) + rng.uniform(-20, 20, 3)
    waves = 1 + 0.18 * np.sin(np.cumsum(0.9 / (1 + 0.05 * np.arange(paint.rows))))[:, None, None]
    mask = (np.arange(paint.rows) >= horizon)[:, None, None]
    painted = sea * waves * (1 + 0.12 * paint.noise(0.05))
    paint.canvas.picture[:] = np.where(mask, painted, paint.canvas.picture)
    paint.rectangle(0, edge - 2, paint.columns, edge + 2, (240, 240, 235))
    sand = np.ones((paint.rows, paint.columns, 1)) * (
        np.array([150.0, 195, 218]) + rng.uniform(-12, 12, 3)
    )
    paint.floor(sand * (1 + 0.1 * paint.noise(0.01, 1)), edge, 0.16, hide=30)
    return 20.0


def _studio(paint: Painter) -> float:
    """A soft gradient with large blurred shapes, without a visible edge to the floor."""
    top, low = paint.colour(60, 200, 60), paint.colour(60, 200, 60)
    paint.backdrop(top, low, paint.rows)
    for _ in range(7):
        centre = (int(paint.rng.uniform(0, paint.columns)), int(paint.rng.uniform(0, paint.rows)))
        shade = [float(v) for v in paint.colour(50, 220, 70)]
        cv2.circle(
            paint.canvas.picture, centre, int(paint.rng.uniform(0.08, 0.3) * paint.unit), shade, -1
        )
    sigma = 0.06 * paint.unit
    paint.canvas.picture[:] = cv2.GaussianBlur(paint.canvas.picture, None, sigma)
    paint.canvas.picture *= 1 + 0.1 * paint.noise(0.05)
    return 14.0


PAINTERS: dict[str, Callable[[Painter], float]] = {
    "street": _street,
    "park": _park,
    "indoor": _indoor,
    "court": _court,
    "brick": _brick,
    "beach": _beach,
    "studio": _studio,
}
"""Painter of each place; it returns the depth in metres where the ground ends."""
