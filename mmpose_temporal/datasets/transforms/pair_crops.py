"""What two people look like."""

import torch
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

from mmpose_temporal.utils.crops import crop_people

from .frames import LoadVideoFrame


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
        """Add the crops; None if a frame is skipped."""
        crops = []
        for path, image_id, box, size in zip(
            results["img_paths"],
            results["img_ids"],
            results["boxes"],
            results["annotated_sizes"],
            strict=True,
        ):
            frame = dict(img_path=path, video_id=results["video_id"], frame_index=int(image_id))
            frame = self.load(dict(frame, annotated_size=size))
            if not frame["frame_readable"]:
                return None
            crops.append(crop_people(frame["img"], box[None], self.size, padding=self.padding))
        return dict(results, crops=torch.cat(crops))
