"""Procedural places: sky, walls and a floor in perspective, painted once per video."""

from __future__ import annotations

import cv2
import numpy as np

from .camera import Camera
from .textures import smooth_noise

PLACES = ("street", "park", "indoor", "court", "brick", "beach", "studio")
OUTDOORS = ("street", "park", "court", "beach")


class Canvas:
    """The still picture behind the people, larger than a frame by what the camera sees.

    Attributes:
        picture: (H, W, 3) float32 BGR.
        origin: Base pixel (x, y) of the top-left canvas pixel.
    """

    def __init__(self, camera: Camera) -> None:
        left, top, right, bottom = camera.canvas_bounds()
        self.camera = camera
        self.origin = np.array([left, top], dtype=float)
        self.picture = np.zeros((bottom - top + 1, right - left + 1, 3), np.float32)

    def freeze(self) -> None:
        """Ends painting: the picture becomes uint8, which is faster to warp."""
        self.picture = np.clip(np.rint(self.picture), 0, 255).astype(np.uint8)

    def warp(self, instant: int) -> np.ndarray:
        """The (H, W, 3) background of one rendered instant, in the type of the picture."""
        camera = self.camera
        origin = camera.base_to_frame(self.origin, instant)
        zoom = camera.zoom[instant]
        matrix = np.array([[zoom, 0, origin[0]], [0, zoom, origin[1]]])
        return cv2.warpAffine(
            self.picture,
            matrix,
            (camera.width, camera.height_px),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )


class Painter:
    """Paints one place onto a canvas."""

    def __init__(self, canvas: Canvas, rng: np.random.Generator) -> None:
        self.canvas, self.rng = canvas, rng
        rows, columns = canvas.picture.shape[:2]
        self.rows, self.columns = rows, columns
        self.unit = canvas.camera.height_px
        self.x = np.arange(columns, dtype=np.float32)[None, :] + np.float32(canvas.origin[0])
        self.y = np.arange(rows, dtype=np.float32)[:, None] + np.float32(canvas.origin[1])

    def colour(self, low: float, high: float, spread: float = 30) -> np.ndarray:
        """A greyish (3,) BGR colour."""
        grey = self.rng.uniform(low, high)
        return np.clip(grey + self.rng.uniform(-spread, spread, 3), 0, 255).astype(np.float32)

    def noise(self, cell: float, octaves: int = 3) -> np.ndarray:
        """Smooth noise (H, W, 1); ``cell`` relative to the frame height."""
        size = max(2, int(cell * self.unit))
        return smooth_noise(self.rng, self.rows, self.columns, size, octaves)[..., None]

    def row_of(self, depth: float) -> float:
        """Canvas row where the ground at ``depth`` metres is seen."""
        camera = self.canvas.camera
        base = camera.horizon + camera.focal * camera.height / depth
        return float(base - self.canvas.origin[1])

    def ground(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """World X and Z (H, W) of each pixel's ground point, and the mask of ground pixels."""
        camera = self.canvas.camera
        drop = self.y - np.float32(camera.horizon)
        depth = camera.focal * camera.height / np.maximum(drop, 0.5)
        across = (self.x - camera.centre[0]) * depth / camera.focal
        return across, np.broadcast_to(depth, across.shape), drop > 0.5

    def backdrop(self, top: np.ndarray, bottom: np.ndarray, end: float) -> None:
        """Vertical colour gradient from the first row to row ``end``."""
        part = np.clip(np.arange(self.rows) / max(end, 1), 0, 1)[:, None, None]
        self.canvas.picture[:] = top * (1 - part) + bottom * part

    def floor(
        self, colours: np.ndarray, edge: float, roughness: float, hide: float = 18.0
    ) -> None:
        """Fills the ground nearer than row ``edge`` with colours (H, W, 3), plus noise."""
        _, depth, _ = self.ground()
        mean = colours.mean(axis=(0, 1))
        fade = np.exp(-depth / hide)[..., None]
        area = (np.arange(self.rows) >= edge)[:, None, None]
        rough = 1 + roughness * (self.noise(0.02, 2) * fade + 0.7 * self.noise(0.3))
        near = np.clip(1.12 - 0.012 * depth, 0.85, 1.1)[..., None]
        painted = (mean + (colours - mean) * fade) * rough * near
        self.canvas.picture[:] = np.where(area, painted, self.canvas.picture)

    def tiles(self, size: float, first: np.ndarray, second: np.ndarray, gap: float = 0.03):
        """Chequered or plain tiles with joints, (H, W, 3)."""
        across, depth, _ = self.ground()
        u, v = across / size, depth / size
        odd = ((np.floor(u) + np.floor(v)) % 2)[..., None]
        joint = ((u % 1 < gap) | (v % 1 < gap))[..., None]
        return (first * (1 - odd) + second * odd) * np.where(joint, 0.7, 1.0)

    def planks(self, size: float, base: np.ndarray) -> np.ndarray:
        """Wooden boards that run away from the camera, (H, W, 3)."""
        across, depth, _ = self.ground()
        board = np.floor(across / size)
        tone = 0.9 + 0.2 * np.abs(
            np.sin(board * 12.9898 + np.floor(depth / 1.7 + board * 0.37) * 78.2)
        )
        joint = np.where(across / size % 1 < 0.05, 0.75, 1.0)
        return base * (tone * joint)[..., None]

    def rectangle(self, left, top, right, bottom, colour) -> None:
        """Filled rectangle in canvas pixels."""
        shade = [float(value) for value in colour]
        cv2.rectangle(
            self.canvas.picture, (int(left), int(top)), (int(right), int(bottom)), shade, -1
        )

    def trees(self, base: float, count: int, tall: tuple[float, float]) -> None:
        """Trees with blobby crowns, standing on row ``base``."""
        picture, rng = self.canvas.picture, self.rng
        for _ in range(count):
            x, size = rng.uniform(0, self.columns), rng.uniform(*tall) * self.unit
            trunk = max(2, int(size * 0.06))
            self.rectangle(x - trunk / 2, base - size * 0.6, x + trunk / 2, base, (45, 62, 82))
            green = np.array([45.0, 105, 70]) + rng.uniform(-18, 18, 3)
            blobs = np.clip(rng.normal(size=(26, 2)), -1.4, 1.4) * [0.19, 0.16]
            for blob in blobs[np.argsort(-blobs[:, 1])]:
                centre = (int(x + blob[0] * size), int(base - size * (0.75 - blob[1])))
                light = 0.85 - 1.1 * blob[1] - 0.5 * blob[0] + rng.uniform(-0.1, 0.1)
                light = min(max(light, 0.45), 1.5)
                shade = np.clip(green * light, 0, 255)
                cv2.circle(
                    picture,
                    centre,
                    max(2, int(size * 0.12)),
                    [float(v) for v in shade],
                    -1,
                    cv2.LINE_AA,
                )
