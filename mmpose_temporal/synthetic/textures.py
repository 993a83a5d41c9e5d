"""Procedural cloth and head textures.

A texture is float32 (R, C, 3) BGR in [0, 255]. Rows run along a limb from its first to its last
end, columns around it: column 0 is the back, C / 4 the right side, C / 2 the front and 3 C / 4 the
left side of the body.
"""

from __future__ import annotations

import cv2
import numpy as np

ROWS, COLUMNS = 64, 128
_ANGLE = (np.arange(COLUMNS) + 0.5) / COLUMNS * 2 * np.pi - np.pi
_ALONG = (np.arange(ROWS) + 0.5) / ROWS

PATTERNS = ("plain", "rings", "stripes", "checks", "dots", "noise", "blocks", "logo", "jacket")


def smooth_noise(
    rng: np.random.Generator, rows: int, columns: int, cell: int, octaves: int = 3
) -> np.ndarray:
    """Noise of several scales, float32 (rows, columns), about zero mean and in about [-1, 1]."""
    total = np.zeros((rows, columns), np.float32)
    for octave in range(octaves):
        size = max(1, cell >> octave)
        coarse = rng.normal(size=(rows // size + 3, columns // size + 3)).astype(np.float32)
        fine = cv2.resize(coarse, None, fx=size, fy=size, interpolation=cv2.INTER_CUBIC)
        offset = size
        total += fine[offset : offset + rows, offset : offset + columns] * 0.5**octave
    return np.clip(total * 0.4, -1, 1)


def _paint(mask: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    weight = np.broadcast_to(mask, (ROWS, COLUMNS)).astype(np.float32)[..., None]
    return first * (1 - weight) + second * weight


def _logo(rng: np.random.Generator, base: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """A number on the back and a simple shape on the chest."""
    picture = np.tile(base, (ROWS, COLUMNS, 1)).astype(np.float32)
    colour = [float(value) for value in ink]
    middle = COLUMNS // 2
    shape = int(rng.integers(3))
    if shape == 0:
        cv2.circle(picture, (middle, 20), 9, colour, -1)
    elif shape == 1:
        cv2.rectangle(picture, (middle - 14, 13), (middle + 14, 24), colour, -1)
    else:
        points = np.array([[middle - 12, 28], [middle + 12, 28], [middle, 8]])
        cv2.fillConvexPoly(picture, points, colour)
    number = str(int(rng.integers(1, 100)))
    patch = np.tile(base, (ROWS, COLUMNS, 1)).astype(np.float32)
    width = cv2.getTextSize(number, cv2.FONT_HERSHEY_SIMPLEX, 1.1, 4)[0][0]
    origin = (middle - width // 2, 40)
    cv2.putText(patch, number, origin, cv2.FONT_HERSHEY_SIMPLEX, 1.1, colour, 4)
    back = np.roll(patch, middle, axis=1)
    is_back = np.abs(_ANGLE) > np.pi / 2
    picture[:, is_back] = back[:, is_back]
    return picture


def cloth(
    rng: np.random.Generator, pattern: str, base: np.ndarray, second: np.ndarray
) -> np.ndarray:
    """Texture (ROWS, COLUMNS, 3) of a garment.

    Args:
        rng: Random generator.
        pattern: One of :data:`PATTERNS`.
        base, second: (3,) BGR colours.

    Raises:
        ValueError: For an unknown pattern.
    """
    along, angle = _ALONG[:, None], _ANGLE[None, :]
    count = int(rng.integers(4, 8))
    rings = np.sin(2 * np.pi * count * along) > 0
    stripes = np.sin(2 * count * angle) > 0
    if pattern == "plain":
        texture = _paint(np.zeros((1, 1)), base, second)
    elif pattern == "rings":
        texture = _paint(rings, base, second)
    elif pattern == "stripes":
        texture = _paint(stripes, base, second)
    elif pattern == "checks":
        texture = _paint(0.5 * (rings + 0.0) + 0.5 * (stripes + 0.0), base, second)
    elif pattern == "dots":
        waves = np.sin(2 * np.pi * count * along) * np.sin(2 * count * angle)
        texture = _paint(waves > 0.45, base, second)
    elif pattern == "noise":
        texture = _paint(smooth_noise(rng, ROWS, COLUMNS, 16) > 0.05, base, second)
    elif pattern == "blocks":
        texture = _paint(along < rng.uniform(0.3, 0.5), base, second)
    elif pattern == "logo":
        texture = _logo(rng, base, second)
    elif pattern == "jacket":
        texture = _paint(np.abs(angle) < 0.32 + 0.1 * along, base, second)
    else:
        raise ValueError(f"unknown pattern {pattern!r}; choose one of {', '.join(PATTERNS)}")
    folds = smooth_noise(rng, ROWS, COLUMNS, 12)[..., None]
    return np.clip(texture * (1 + 0.1 * folds), 0, 255).astype(np.float32)


def _face(
    skin: np.ndarray, hair: np.ndarray, *, ears: bool, beard: bool, glasses: bool
) -> np.ndarray:
    """A head without hair on top: ears, cheeks, beard, eyes, brows, nose and mouth."""
    along, side = _ALONG[:, None], np.abs(_ANGLE)[None, :]
    texture = _paint(np.zeros((1, 1)), skin, skin)
    lobes = (np.abs(side - 1.6) < 0.2) & (np.abs(along - 0.58) < 0.1)
    texture = _paint(lobes & ears, texture, skin * 0.72)
    texture = _paint(
        (np.abs(side - 0.62) < 0.25) & (np.abs(along - 0.7) < 0.07),
        texture,
        skin * np.array([0.9, 0.9, 1.06]),
    )
    if beard:
        texture = _paint((along > 0.72) & (side < 1.4), texture, hair * 0.9 + skin * 0.1)
    eye = ((side - 0.42) / 0.19) ** 2 + ((along - 0.55) / 0.05) ** 2
    texture = _paint(eye < 1, texture, np.array([235.0, 235, 235]))
    texture = _paint(
        (np.abs(side - 0.42) < 0.09) & (np.abs(along - 0.55) < 0.05),
        texture,
        np.array([35.0, 30, 30]),
    )
    brow = (np.abs(side - 0.42) < 0.24) & (np.abs(along - 0.455) < 0.022)
    texture = _paint(brow, texture, hair * 0.6)
    texture = _paint((side < 0.13) & (np.abs(along - 0.68) < 0.035), texture, skin * 0.7)
    mouth = (side < 0.34) & (np.abs(along - 0.81) < 0.028)
    texture = _paint(mouth, texture, skin * np.array([0.5, 0.45, 0.78]))
    if glasses:
        ring = (np.abs(eye - 3.2) < 1.4) | ((np.abs(along - 0.53) < 0.015) & (side < 1.5))
        texture = _paint(ring, texture, np.array([30.0, 30, 30]))
    return texture


def head_texture(
    rng: np.random.Generator,
    *,
    skin: np.ndarray,
    hair: np.ndarray,
    cover: np.ndarray,
    hair_style: str,
    beard: bool,
    glasses: bool,
) -> np.ndarray:
    """Texture of a head from crown (row 0) to chin, with the face at the front.

    Args:
        rng: Random generator.
        skin, hair, cover: (3,) BGR colours; ``cover`` is that of the hair on top or of a cap.
        hair_style: ``bald``, ``short``, ``long`` or ``cap``.
        beard, glasses: Whether the face has them.
    """
    along, side = _ALONG[:, None], np.abs(_ANGLE)[None, :]
    line = {
        "bald": -1.0 + 0.0 * side,
        "short": 0.27 + 0.52 / (1 + np.exp(-(side - 1.55) * 5)),
        "long": 0.27 + 0.8 / (1 + np.exp(-(side - 1.1) * 7)),
        "cap": 0.42 + 0.0 * side,
    }[hair_style]
    texture = _face(skin, hair, ears=hair_style != "long", beard=beard, glasses=glasses)
    strands = smooth_noise(rng, ROWS, COLUMNS, 6)[..., None] * 0.22
    texture = _paint(along < line, texture, cover * (1 + strands))
    return np.clip(texture, 0, 255).astype(np.float32)
