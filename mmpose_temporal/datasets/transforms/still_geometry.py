"""Affine maps of pixels as (2, 3) matrices, and images under them."""

import cv2
import numpy as np


def apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points (..., 2) under a map (2, 3), or under maps (..., 2, 3) of their own."""
    return (matrix[..., :2] @ points[..., None])[..., 0] + matrix[..., 2]


def compose(second: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The map (2, 3) that is ``first`` and then ``second``."""
    return second @ np.vstack([first, (0, 0, 1)])


def inverse(matrix: np.ndarray) -> np.ndarray:
    """The inverse of a map (2, 3)."""
    return np.linalg.inv(np.vstack([matrix, (0, 0, 1)]))[:2]


def about(
    center: np.ndarray,
    *,
    scale: float = 1.0,
    degrees: float = 0.0,
    shift: np.ndarray | tuple[float, float] = (0, 0),
    mirrored: bool = False,
) -> np.ndarray:
    """Mirror left and right, scale and rotate about a point, then shift.

    Args:
        center: (2,) pixels.
        scale: Factor.
        degrees: From the x to the y axis, which is clockwise in an image.
        shift: (2,) pixels.
        mirrored: Whether x is mirrored first.

    Returns:
        (2, 3) float64.
    """
    cos, sin = scale * np.cos(np.radians(degrees)), scale * np.sin(np.radians(degrees))
    linear = np.array([[cos, -sin], [sin, cos]])
    if mirrored:
        linear = linear * (-1, 1)
    center = np.asarray(center, np.float64)
    return np.column_stack([linear, center - linear @ center + shift])


def scale_of(matrix: np.ndarray) -> float:
    """Pixels after a map (2, 3) per pixel before, the square root of the factor of areas."""
    return float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))


def inside(points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(...) bool: points (..., 2) whose nearest pixel is in an image of (width, height)."""
    return ((points >= -0.5) & (points < np.array(size) - 0.5)).all(-1)


def values_at(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(...): an image (H, W) at the pixels nearest to points (..., 2); its border beyond."""
    low, high = np.zeros(2, np.int64), np.array(image.shape[::-1]) - 1
    pixels = np.floor(points + 0.5).astype(np.int64).clip(low, high)
    return image[pixels[..., 1], pixels[..., 0]]


class Source:
    """An image that is rendered under several maps, without aliasing.

    Choice: where a map makes the image smaller by a factor of 2 or more, areas are averaged by
    the whole number in it first, and then it is interpolated once. This keeps what lies between
    the pixels, as the network's letterbox does; larger maps interpolate the image itself.

    Args:
        image: (H, W, 3) uint8.
    """

    def __init__(self, image: np.ndarray):
        self.image = image
        self._reduced: dict[int, np.ndarray] = {1: image}

    def render(self, matrix: np.ndarray, size: int) -> np.ndarray:
        """(size, size, 3) uint8: the image under a map (2, 3); black where it is not."""
        height, width = self.image.shape[:2]
        factor = int(min(1 / max(scale_of(matrix), 1e-6), width, height))
        factor = max(factor, 1)
        if factor not in self._reduced:
            smaller = (max(width // factor, 1), max(height // factor, 1))
            self._reduced[factor] = cv2.resize(self.image, smaller, interpolation=cv2.INTER_AREA)
        reduced = self._reduced[factor]
        # Pixels of the image for those of the smaller one: centres are at whole numbers.
        x, y = width / reduced.shape[1], height / reduced.shape[0]
        back = np.array([[x, 0, x / 2 - 0.5], [0, y, y / 2 - 0.5]])
        return cv2.warpAffine(reduced, compose(matrix, back), (size, size), flags=cv2.INTER_LINEAR)
