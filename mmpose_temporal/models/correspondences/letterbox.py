"""Whole frames in the input of a network, and back."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from mmpose_temporal.structures import plain_state


@dataclass(frozen=True, slots=True)
class Letterbox:
    """How a frame lies in the input of a network: scaled, at the top left, the rest is black.

    Attributes:
        scale: Input pixels per frame pixel, the same in both directions.
        input_size: Width and height of the input.
        frame_size: Width and height of the frame.
    """

    scale: float
    input_size: tuple[int, int]
    frame_size: tuple[int, int]

    @classmethod
    def of(cls, frame_size: tuple[int, int], long_side: int, divisor: int) -> "Letterbox":
        """Scale the longer side of a frame to ``long_side``.

        Args:
            frame_size: Width and height of the frame, pixels.
            long_side: Longer side of the scaled frame, a multiple of ``divisor``.
            divisor: Both sides of the input are the least multiples of it that hold the frame.
        """
        scale = long_side / max(frame_size)
        sides = (max(1, round(side * scale)) for side in frame_size)
        width, height = (-(-side // divisor) * divisor for side in sides)
        return cls(scale, (width, height), tuple(frame_size))

    def apply(self, image: np.ndarray) -> np.ndarray:
        """The input (h, w, 3) uint8 of a frame (H, W, 3) uint8.

        Smaller frames are interpolated; of larger ones areas are averaged, which keeps what lies
        between the pixels of the input.
        """
        width, height = (max(1, round(side * self.scale)) for side in self.frame_size)
        way = cv2.INTER_AREA if self.scale < 1 else cv2.INTER_LINEAR
        scaled = cv2.resize(image, (width, height), interpolation=way)
        right, below = self.input_size[0] - width, self.input_size[1] - height
        return cv2.copyMakeBorder(scaled, 0, below, 0, right, cv2.BORDER_CONSTANT, value=0)


@plain_state
@dataclass(slots=True, eq=False)
class FrameEmbedding:
    """The embedding of one frame, and where its cells lie in the frame.

    The centre of cell (0, 0) is that of the first ``stride`` x ``stride`` pixels of the input.

    Attributes:
        maps: (C, h, w).
        scale: Input pixels per frame pixel.
        stride: Input pixels per cell.
        frame_size: Width and height of the frame.
    """

    maps: Tensor
    scale: float
    stride: int
    frame_size: tuple[int, int]

    def cells_of(self, points: Tensor) -> Tensor:
        """(..., 2) float cells (x, y) of points in pixels of the frame."""
        return (points + 0.5) * (self.scale / self.stride) - 0.5

    def points_of(self, cells: Tensor) -> Tensor:
        """(..., 2) pixels of the frame of float cells (x, y)."""
        return (cells + 0.5) * (self.stride / self.scale) - 0.5

    def contains(self, points: Tensor) -> Tensor:
        """(...) bool: the points, in pixels, that lie in the frame; False for NaN."""
        size = torch.tensor(self.frame_size, dtype=points.dtype, device=points.device)
        return ((points >= -0.5) & (points < size - 0.5)).all(-1)

    def length(self, input_pixels: float) -> float:
        """Pixels of the frame of a length in pixels of the input."""
        return input_pixels / self.scale

    def fitted(self, height: int, width: int) -> Tensor:
        """(C, height, width): the maps on the grid of another frame, cut or filled with zeros."""
        maps = self.maps
        if maps.shape[1:] == (height, width):
            return maps
        below, right = height - maps.shape[1], width - maps.shape[2]
        return torch.nn.functional.pad(maps, (0, right, 0, below))
