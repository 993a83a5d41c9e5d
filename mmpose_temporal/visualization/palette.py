"""One colour per track id, the same in every frame, video and figure."""

from functools import lru_cache

import cv2
import numpy as np

from mmpose_temporal.structures import UNTRACKED

PALETTE_SIZE = 64
"""Ids this far apart share a colour."""

UNTRACKED_COLOR = (160, 160, 160)
"""RGB of a pose that belongs to no track."""


@lru_cache(maxsize=1)
def track_palette() -> np.ndarray:
    """Colours that are as far from each other as the eye can distinguish, the clearest first.

    Choice: farthest-point sampling of saturated colours in CIE Lab, starting from the colours
    that have a meaning already (grey is untracked, black and white are outlines and text). Evenly
    spaced hues would give several greens that look the same.

    Returns:
        (``PALETTE_SIZE``, 3) uint8 RGB, read-only.
    """
    hue, saturation, value = np.meshgrid(
        np.arange(0, 360, 7.5), [0.45, 0.7, 0.9], [0.6, 0.8, 1.0], indexing="ij"
    )
    hsv = np.stack([hue.ravel(), saturation.ravel(), value.ravel()], axis=-1).astype(np.float32)
    candidates = cv2.cvtColor(hsv[None], cv2.COLOR_HSV2RGB)
    candidates = candidates[:, cv2.cvtColor(candidates, cv2.COLOR_RGB2Lab)[0, :, 0] > 42]
    lab = cv2.cvtColor(candidates, cv2.COLOR_RGB2Lab)[0]
    reserved = np.float32([[UNTRACKED_COLOR, (0, 0, 0), (255, 255, 255)]]) / 255
    reserved = cv2.cvtColor(reserved, cv2.COLOR_RGB2Lab)[0]
    distance = np.linalg.norm(lab[:, None] - reserved, axis=-1).min(1)
    chosen = np.empty(PALETTE_SIZE, np.int64)
    for i in range(PALETTE_SIZE):
        chosen[i] = distance.argmax()
        distance = np.minimum(distance, np.linalg.norm(lab - lab[chosen[i]], axis=-1))
    palette = np.rint(candidates[0, chosen] * 255).astype(np.uint8)
    palette.setflags(write=False)
    return palette


def track_colors(track_ids: np.ndarray) -> np.ndarray:
    """Colours of track ids.

    Args:
        track_ids: (M,) integers; negative ids are untracked.

    Returns:
        (M, 3) uint8 RGB, grey for untracked.
    """
    track_ids = np.asarray(track_ids, dtype=np.int64).reshape(-1)
    colors = track_palette()[track_ids % PALETTE_SIZE]
    colors[track_ids <= UNTRACKED] = UNTRACKED_COLOR
    return colors


def text_color(color: np.ndarray) -> tuple[int, int, int]:
    """Black or white, whichever reads better on an RGB ``color`` (ITU-R BT.601 luma)."""
    luma = float(np.dot(np.asarray(color, dtype=np.float64), (0.299, 0.587, 0.114)))
    return (0, 0, 0) if luma > 130 else (255, 255, 255)
