"""Keypoints as a heatmap's cell and an offset in it (CorrTrack, supplement, section A)."""

from collections.abc import Sequence

import numpy as np
import torch
from mmpose.codecs.base import BaseKeypointCodec
from mmpose.codecs.utils import generate_unbiased_gaussian_heatmaps
from mmpose.registry import KEYPOINT_CODECS
from torch import Tensor


@KEYPOINT_CODECS.register_module()
class OffsetHeatmap(BaseKeypointCodec):
    """Heatmaps that say the cell, and offsets in pixels from the cell to the keypoint.

    A keypoint is at the highest cell of its heatmap plus the offset that is predicted there
    (S Eq. 1). Choices, where the paper says nothing:

    - A cell stands for the centre of its pixels: with 4 pixels, cell 0 for pixel 1.5, so that the
      heatmaps of a mirrored crop are the mirrored heatmaps, without ``shift_heatmap`` in the flip
      test. (The published code counts from 4 times the cell, which the offset makes up for.)
    - The target is a Gaussian with its peak of 1 on the cell that the keypoint is in; the offset
      has the rest.
    - A keypoint outside of the crop has weight 0.

    Crops are those of mmpose's TopdownAffine with ``use_udp=False``.

    Args:
        input_size: Width and height of the crop in pixels.
        heatmap_size: Width and height of the heatmaps in cells.
        sigma: Of the Gaussian, in cells (choice: 2, as mmpose has for heatmaps of 64x48).

    Raises:
        ValueError: A size or ``sigma`` is not positive.
    """

    label_mapping_table = dict(
        keypoint_weights="keypoint_weights",
        keypoint_cells="keypoint_cells",
        keypoint_offsets="keypoint_offsets",
    )
    field_mapping_table = dict(heatmaps="heatmaps")

    def __init__(self, input_size: Sequence[int], heatmap_size: Sequence[int], sigma: float = 2.0):
        super().__init__()
        if min(*input_size, *heatmap_size, sigma) <= 0:
            raise ValueError(
                "input_size, heatmap_size and sigma must be positive, got "
                f"{input_size}, {heatmap_size} and {sigma}"
            )
        self.input_size = tuple(input_size)
        self.heatmap_size = tuple(heatmap_size)
        self.sigma = sigma
        self.scale_factor = (np.array(input_size) / np.array(heatmap_size)).astype(np.float32)

    def to_cells(self, pixels: np.ndarray) -> np.ndarray:
        """Where places in the crop are in the heatmaps.

        Args:
            pixels: (..., 2), x and y; the centre of the top-left pixel is (0, 0).

        Returns:
            (..., 2), in cells; the centre of the top-left cell is (0, 0).
        """
        return (pixels + 0.5) / self.scale_factor - 0.5

    def to_pixels(self, cells: Tensor) -> Tensor:
        """As :meth:`to_cells`, back: (..., 2) floats of cells to pixels of the crop."""
        return (cells + 0.5) * cells.new_tensor(self.scale_factor) - 0.5

    def encode(self, keypoints: np.ndarray, keypoints_visible: np.ndarray | None = None) -> dict:
        """Targets of one person.

        Args:
            keypoints: (1, K, 2), pixels of the crop.
            keypoints_visible: (1, K); under 0.5 there is no target. None: all are visible.

        Returns:
            - ``heatmaps`` (K, H, W) float32, 0 without a target.
            - ``keypoint_weights`` (1, K) float32: the visibility, 0 of keypoints outside.
            - ``keypoint_cells`` (1, K, 2) int64: x and y of the cell, (0, 0) without a target.
            - ``keypoint_offsets`` (1, K, 2) float32: from the cell to the keypoint, pixels.

        Raises:
            ValueError: There are several people.
        """
        if len(keypoints) != 1:
            raise ValueError(
                f"OffsetHeatmap encodes one person at a time, got {len(keypoints)}: use a "
                "top-down data set (data_mode='topdown')"
            )
        visible = np.ones(keypoints.shape[:2]) if keypoints_visible is None else keypoints_visible
        places = self.to_cells(keypoints)
        cells = np.floor(places + 0.5)
        inside = np.all((cells >= 0) & (cells < np.array(self.heatmap_size)), axis=-1)
        weights = np.where(inside, visible, 0).astype(np.float32)
        seen = (weights >= 0.5)[..., None]
        cells = np.where(seen, cells, 0)
        offsets = np.where(seen, places - cells, 0) * self.scale_factor
        # mmpose's other function shifts the peak by a cell where sigma is not a whole number
        heatmaps, _ = generate_unbiased_gaussian_heatmaps(
            self.heatmap_size, cells, weights, self.sigma
        )
        return dict(
            heatmaps=heatmaps,
            keypoint_weights=weights,
            keypoint_cells=cells.astype(np.int64),
            keypoint_offsets=offsets.astype(np.float32),
        )

    def decode(self, encoded: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Keypoints of one person.

        Args:
            encoded: Heatmaps (K, H, W), and offsets (2K, H, W) in pixels, those of x first.

        Returns:
            Keypoints (1, K, 2), pixels of the crop, and scores (1, K).
        """
        heatmaps, offsets = (torch.from_numpy(np.asarray(maps))[None] for maps in encoded)
        keypoints, scores = self.batch_decode(heatmaps, offsets)
        return keypoints[0], scores[0]

    def batch_decode(
        self, heatmaps: Tensor, offsets: Tensor
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Keypoints of B people, found on the device of the maps.

        Args:
            heatmaps: (B, K, H, W).
            offsets: (B, 2K, H, W), pixels, those of x first.

        Returns:
            For each person keypoints (1, K, 2) float32, pixels of the crop, and scores (1, K)
            float32, the heights of the peaks. Of several highest cells it is the first.

        Raises:
            ValueError: The maps have other sizes than ``heatmap_size``, or the offsets do not
                fit the heatmaps.
        """
        count, joints, height, width = heatmaps.shape
        if (width, height) != self.heatmap_size or offsets.shape != (
            count,
            2 * joints,
            height,
            width,
        ):
            raise ValueError(
                f"heatmaps {tuple(heatmaps.shape)} and offsets {tuple(offsets.shape)} are not "
                f"those of K and 2K maps of heatmap_size {self.heatmap_size}"
            )
        scores, places = heatmaps.float().flatten(2).max(dim=-1)
        found = offsets.float().view(count, 2, joints, height * width)
        found = found.gather(3, places[:, None, :, None].expand(-1, 2, -1, 1))[..., 0]
        cells = torch.stack([places % width, places // width], dim=-1)
        keypoints = self.to_pixels(cells.float()) + found.transpose(1, 2)
        result = torch.cat([keypoints, scores[..., None]], dim=-1)[:, None].cpu().numpy()
        return [person[..., :2] for person in result], [person[..., 2] for person in result]
