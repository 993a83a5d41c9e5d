"""How well each keypoint was found, and what is done about those that were not (PTM, write)."""

from dataclasses import dataclass
from typing import Any

import torch
from mmpose.codecs import MegviiHeatmap
from torch import Tensor
from torch.nn import functional


def keypoint_quality(heatmaps: Tensor, *, kernel: int) -> tuple[Tensor, Tensor]:
    """Quality scores of keypoints (PTM, section 2.2, write, first stage).

    The heatmap is brought to [0, 1], 0.5 is added, it is blurred, and the quality is its maximum,
    whose place is that of the keypoint. Choice: responses are cut to [0, 1], the range of the
    targets in training, and not stretched, because then the best cell of every heatmap would have
    the same value. (CPN's code, which the paper follows, divides by 255, the peak of its targets.)
    Beyond its border the heatmap goes on with the values on it, so that peaks there lose nothing
    (choice).

    Args:
        heatmaps: (B, K, H, W), responses whose targets have peaks of 1.
        kernel: Side of the Gaussian kernel in cells, odd; its standard deviation is that of
            OpenCV's GaussianBlur, 0.15 * kernel + 0.35. 1: no blur.

    Returns:
        - (B, K) float32, qualities in [0.5, 1.5].
        - (B, K, 2) float32, places as shares of the heatmap's width and height: the centre of
          cell x is (x + 0.5) / W.

    Raises:
        ValueError: ``kernel`` is not odd or not positive.
    """
    check_kernel(kernel)
    height, width = heatmaps.shape[-2:]
    # NaN (a network that diverged) is the lowest response, not the highest
    maps = heatmaps.float().nan_to_num(nan=0.0).clamp(0, 1) + 0.5
    if kernel > 1:
        maps = _blur(maps.reshape(-1, 1, height, width), kernel).view_as(maps)
    quality, cells = maps.flatten(2).max(-1)
    x = (cells % width + 0.5) / width
    y = (torch.div(cells, width, rounding_mode="floor") + 0.5) / height
    return quality, torch.stack([x, y], -1)


def check_kernel(kernel: int) -> None:
    """Refuse a side that a blur cannot have.

    Raises:
        ValueError: It is not odd or not positive.
    """
    if kernel < 1 or kernel % 2 == 0:
        raise ValueError(f"the blur's kernel must be odd and 1 or more cells, got {kernel}")


def kernel_for(codec: Any, kernel: int | None = None) -> int:
    """The side of the blur for the heatmaps of a codec of mmpose.

    Args:
        codec: What the heatmaps are decoded with.
        kernel: None: that of the codec, its ``blur_kernel_size``.

    Raises:
        ValueError: A side that a blur cannot have; the codec has none; or its targets have
            other peaks than 1.
    """
    name = type(codec).__name__
    if isinstance(codec, MegviiHeatmap):
        raise ValueError(
            f"{name}'s targets have peaks of 255, and the quality of keypoints is that of peaks "
            "of 1: use the codec MSRAHeatmap or UDPHeatmap"
        )
    if kernel is None:
        kernel = getattr(codec, "blur_kernel_size", None)
    if kernel is None:
        raise ValueError(f"{name} has no blur_kernel_size: give a blur_kernel")
    check_kernel(int(kernel))
    return int(kernel)


def _blur(maps: Tensor, kernel: int) -> Tensor:
    """(P, 1, H, W) with a separable Gaussian."""
    distance = torch.arange(kernel, device=maps.device, dtype=maps.dtype) - kernel // 2
    taps = torch.exp(-0.5 * (distance / (0.15 * kernel + 0.35)) ** 2)
    taps = taps / taps.sum()
    half = kernel // 2
    with torch.autocast(maps.device.type, enabled=False):
        maps = functional.pad(maps, (half, half, half, half), mode="replicate")
        maps = functional.conv2d(maps, taps.view(1, 1, 1, kernel))
        return functional.conv2d(maps, taps.view(1, 1, kernel, 1))


@dataclass(frozen=True, slots=True, eq=False)
class SavedKeypoints:
    """For each keypoint of B people the feature vector of the last time it was found well.

    Attributes:
        vectors: (B, S, K, c), of S sides: of the crop, and of the mirrored crop if there is a
            flip test. Zero where nothing was saved.
        there: (B, K) bool, on the same device.
    """

    vectors: Tensor
    there: Tensor

    @classmethod
    def nothing(cls, people: int, keypoints: int, like: Tensor) -> "SavedKeypoints":
        """Of people who are new.

        Args:
            people: B.
            keypoints: K.
            like: (B', S, c, h, w), the maps that vectors will be of.
        """
        sides, channels = like.shape[1:3]
        return cls(
            vectors=like.new_zeros(people, sides, keypoints, channels),
            there=torch.zeros(people, keypoints, dtype=torch.bool, device=like.device),
        )


def replace_keypoints(
    maps: Tensor,
    quality: Tensor,
    places: Tensor,
    saved: SavedKeypoints,
    *,
    high: float,
    low: float,
) -> tuple[Tensor, SavedKeypoints, Tensor]:
    """Keypoint feature replacement (PTM, section 2.2, write, first stage).

    A keypoint whose quality is above ``high`` saves the vector of its cell; one below ``low`` has
    its cell's vector replaced by the one that was saved of it, if any. All vectors are saved
    before any is replaced; where several keypoints replace the same cell, the last of them in
    the order of the keypoints does (choice).

    Args:
        maps: (B, S, c, h, w), enhanced features, S sides; the second is of the mirrored crop.
        quality: (B, K), see :func:`keypoint_quality`.
        places: (B, K, 2), shares of width and height in the crop that is not mirrored.
        saved: Of the B people; it is not changed.
        high: Quality threshold of keypoints that are saved.
        low: Quality threshold of keypoints that are replaced, at most ``high``.

    Returns:
        - The maps with replaced cells; the same tensor if there are none.
        - What is saved now, in the wider of the two precisions.
        - (B, K) bool, the keypoints that were replaced.
    """
    batch, sides, channels, height, width = maps.shape
    size = places.new_tensor([width, height])
    cells = (places * size).long().clamp(min=0).minimum((size - 1).long())
    x, y = cells.unbind(-1)
    columns = torch.stack([x, width - 1 - x][:sides], 1)  # (B, S, K)
    index = y[:, None] * width + columns
    flat = maps.flatten(3)
    picked = flat.gather(3, index[:, :, None].expand(-1, -1, channels, -1)).transpose(2, 3)
    good = (quality > high) & picked.isfinite().all(-1).all(1)
    bad = (quality < low) & saved.there
    now = SavedKeypoints(
        vectors=torch.where(good[:, None, :, None], picked, saved.vectors),
        there=saved.there | good,
    )
    if not bad.any():
        return maps, now, bad
    # the last keypoint of each cell: one writer per cell, so that the result does not depend on
    # the order in which a device writes
    keypoint = torch.arange(1, quality.shape[1] + 1, device=maps.device)
    writer = torch.where(bad, keypoint, 0)[:, None].expand(-1, sides, -1)
    last = torch.zeros(batch, sides, height * width, dtype=torch.long, device=maps.device)
    last = last.scatter_reduce(2, index, writer, reduce="amax")
    source = (last - 1).clamp(min=0)[..., None].expand(-1, -1, -1, channels)
    fresh = saved.vectors.to(maps.dtype).gather(2, source).transpose(2, 3)
    flat = torch.where((last > 0)[:, :, None], fresh, flat)
    return flat.view_as(maps), now, bad
