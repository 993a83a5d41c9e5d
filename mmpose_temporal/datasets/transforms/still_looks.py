"""What cameras do to views of stills: colours, blur and noise, each view's by its own draw.

All of it is a choice. None of it moves a pixel.
"""

from typing import Any

import cv2
import numpy as np
from mmpose.registry import TRANSFORMS

from .pose_pairs import check_shares
from .still_views import StillTransform, check_range

LUMA = np.array([0.114, 0.587, 0.299], np.float32)
"""Weights of blue, green and red in grey (ITU-R BT.601)."""


@TRANSFORMS.register_module()
class JitterStillColors(StillTransform):
    """Change saturation, contrast, brightness and the colour of the light.

    Each factor is uniform in 1 - x to 1 + x: saturation about each pixel's grey, contrast about
    the mean of the view, brightness, and ``cast`` for each of the three channels.

    Args:
        prob: How likely a view is changed.
        brightness: x.
        contrast: x.
        saturation: x.
        cast: x.
        views: As in :class:`StillTransform`.

    Raises:
        ValueError: An option is out of its range.
    """

    def __init__(
        self,
        *,
        prob: float = 0.8,
        brightness: float = 0.3,
        contrast: float = 0.3,
        saturation: float = 0.3,
        cast: float = 0.05,
        views: str = "both",
    ):
        super().__init__(prob=prob, views=views)
        self.amounts = dict(
            brightness=brightness, contrast=contrast, saturation=saturation, cast=cast
        )
        check_shares(**self.amounts)

    def change(
        self, image: np.ndarray, view: int, results: dict[str, Any], rng: np.random.Generator
    ) -> np.ndarray:
        """The view in other colours."""
        draw = {
            name: 1 + np.float32(x) * rng.uniform(-1, 1, 3 if name == "cast" else 1)
            for name, x in self.amounts.items()
        }
        light = (draw["brightness"] * draw["cast"]).astype(np.float32)
        saturation, contrast = (np.float32(draw[k][0]) for k in ("saturation", "contrast"))
        # All four are one map of the three channels; grey of the mean colour is the mean grey.
        matrix = saturation * np.eye(3, dtype=np.float32) + (1 - saturation) * LUMA
        mean = LUMA @ np.array(cv2.mean(image)[:3], np.float32)
        matrix = light[:, None] * contrast * matrix
        offset = light * (1 - contrast) * mean
        # OpenCV rounds and cuts off to 0 to 255.
        return cv2.transform(image, np.column_stack([matrix, offset]).astype(np.float32))


@TRANSFORMS.register_module()
class BlurStills(StillTransform):
    """Blur a view, as one that is out of focus (Gaussian) or as one that moves (along a line).

    Args:
        prob: How likely a view is blurred.
        motion_share: Share of these that are blurred along a line, in [0, 1].
        sigma: Smallest and largest standard deviation of the Gaussian, pixels.
        length: Smallest and largest length of the line, pixels; its middle stays.
        views: As in :class:`StillTransform`.

    Raises:
        ValueError: An option is out of its range.
    """

    def __init__(
        self,
        *,
        prob: float = 0.3,
        motion_share: float = 0.5,
        sigma: tuple[float, float] = (0.4, 1.5),
        length: tuple[float, float] = (2.0, 8.0),
        views: str = "both",
    ):
        super().__init__(prob=prob, views=views)
        check_shares(motion_share=motion_share)
        check_range("sigma", sigma)
        check_range("length", length)
        self.motion_share, self.sigma, self.length = motion_share, tuple(sigma), tuple(length)

    def change(
        self, image: np.ndarray, view: int, results: dict[str, Any], rng: np.random.Generator
    ) -> np.ndarray:
        """The blurred view."""
        along = rng.random() < self.motion_share
        amount, angle = rng.random(2)
        if not along:
            return cv2.GaussianBlur(image, (0, 0), np.interp(amount, (0, 1), self.sigma))
        length = np.interp(amount, (0, 1), self.length)
        return cv2.filter2D(image, -1, line_kernel(length, np.pi * angle))


def line_kernel(length: float, angle: float) -> np.ndarray:
    """(n, n) float32 with the sum 1: a line through the middle of an odd square.

    Args:
        length: Pixels.
        angle: From the x axis, radians.
    """
    half = int(np.ceil(length / 2))
    steps = np.linspace(-length / 2, length / 2, 8 * half + 1)
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    x, y = (np.round(half + steps * f(angle)).astype(int) for f in (np.cos, np.sin))
    np.add.at(kernel, (y, x), 1)
    return kernel / kernel.sum()


@TRANSFORMS.register_module()
class NoiseStills(StillTransform):
    """Add normal noise, each pixel's and channel's own.

    Args:
        prob: How likely a view gets noise.
        std: Smallest and largest standard deviation, of 255.
        views: As in :class:`StillTransform`.

    Raises:
        ValueError: An option is out of its range.
    """

    def __init__(
        self,
        *,
        prob: float = 0.3,
        std: tuple[float, float] = (1.0, 10.0),
        views: str = "both",
    ):
        super().__init__(prob=prob, views=views)
        check_range("std", std)
        self.std = tuple(std)

    def change(
        self, image: np.ndarray, view: int, results: dict[str, Any], rng: np.random.Generator
    ) -> np.ndarray:
        """The view with noise."""
        std = np.float32(rng.uniform(*self.std))
        noise = std * rng.standard_normal(image.shape, dtype=np.float32)
        return (image + noise).round().clip(0, 255).astype(np.uint8)
