"""What two people look like."""

import numpy as np
import torch
from mmcv.ops import roi_align
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS
from torch import Tensor

from .frames import LoadVideoFrame


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


@TRANSFORMS.register_module()
class LoadPairCrops(BaseTransform):
    """Cut both people of a pair out of their frames, for similarities that look at them.

    Works on the items of ``PosePairDataset``: opens ``img_paths`` and adds ``crops``, the people
    in ``boxes`` as (2, 3, h, w) uint8 BGR, the one at t first.

    Boxes must be those of the files: put it before transforms that move poses, and use none
    that mirror the pair, since the crops stay as they are. :class:`PosePairReverse` may come
    before it.

    Args:
        size: Width and height of a crop.
        padding: Factor by which boxes are enlarged.
        on_error: What to do with a frame that cannot be used. ``'raise'``: stop. ``'skip'``:
            warn, and let the data set draw another pair (mmengine's, in training).
        **kwargs: As for :class:`LoadVideoFrame`.

    Raises:
        ValueError: A size or padding that is not positive; with ``'raise'``, an unusable frame.
    """

    def __init__(
        self,
        *,
        size: tuple[int, int] = (24, 18),
        padding: float = 1.0,
        on_error: str = "raise",
        **kwargs,
    ):
        if len(size) != 2 or min(size) < 1 or padding <= 0:
            raise ValueError(
                f"size must be two positive numbers and padding positive, got {size}, {padding}"
            )
        self.size = tuple(size)
        self.padding = padding
        self.load = LoadVideoFrame(on_error=on_error, **kwargs)

    def transform(self, results: dict) -> dict | None:
        """Add the crops; None where a frame is skipped."""
        crops = []
        for path, image_id, box in zip(
            results["img_paths"], results["img_ids"], results["boxes"], strict=True
        ):
            frame = dict(img_path=path, video_id=results["video_id"], frame_index=int(image_id))
            frame = self.load(frame)
            if not frame["frame_readable"]:
                return None
            crops.append(crop_people(frame["img"], box[None], self.size, padding=self.padding))
        return dict(results, crops=torch.cat(crops))
