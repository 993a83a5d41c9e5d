"""People cut out of a frame."""

import numpy as np
import torch
from mmcv.ops import roi_align
from torch import Tensor


def crop_people(
    image: np.ndarray, boxes: np.ndarray, size: tuple[int, int], *, padding: float = 1.0
) -> Tensor:
    """Cut people out of a frame, each stretched to one size.

    A pixel of the result is the mean over its part of the box, so a small result is blurred and
    not sampled.

    Args:
        image: (H, W, 3) uint8 BGR.
        boxes: (M, 4) xyxy, image pixels; the centre of the top-left pixel is (0, 0).
        size: Width and height of the result.
        padding: The boxes are enlarged by this factor about their centres first.

    Returns:
        (M, 3, h, w) uint8 BGR; black where a box reaches out of the frame.
    """
    center = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = np.maximum(boxes[:, 2:] - boxes[:, :2], 0) / 2 * padding
    boxes = np.concatenate([center - half, center + half], axis=1)
    bounds = np.array(image.shape[1::-1])
    # Only the part that somebody is in is made a float image.
    low = np.floor(boxes[:, :2].min(0, initial=np.inf)).clip(0, bounds).astype(int)
    high = (np.ceil(boxes[:, 2:].max(0, initial=-np.inf)) + 2).clip(0, bounds).astype(int)
    if not (high > low).all():
        return torch.zeros((len(boxes), 3, size[1], size[0]), dtype=torch.uint8)
    part = np.ascontiguousarray(image[low[1] : high[1], low[0] : high[0]])
    planes = torch.from_numpy(part).permute(2, 0, 1)[None].float().contiguous()  # roi_align asks
    places = torch.from_numpy((boxes - np.tile(low, 2) + 0.5).astype(np.float32))
    rois = torch.cat([places.new_zeros((len(places), 1)), places], dim=1)
    crops = roi_align(planes, rois, (size[1], size[0]), 1.0, 0, "avg", True)
    return crops.round().clamp(0, 255).to(torch.uint8)
