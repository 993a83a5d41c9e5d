"""Crops of people for a top-down estimator, cut inside the model with mmpose's geometry."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from mmpose.codecs import UDPHeatmap
from mmpose.datasets.transforms import TopdownAffine
from mmpose.registry import TASK_UTILS
from mmpose.structures.bbox import bbox_xyxy2cs


@dataclass(frozen=True, slots=True)
class Crops:
    """Crops of P boxes of one frame.

    Attributes:
        images: (P, h, w, 3) uint8 BGR.
        centers: (P, 2) float32, centre of the cropped region in image pixels.
        scales: (P, 2) float32, its width and height in image pixels.
    """

    images: np.ndarray
    centers: np.ndarray
    scales: np.ndarray


@TASK_UTILS.register_module()
class TopdownCropper:
    """Cuts boxes out of a frame as mmpose's GetBBoxCenterScale and TopdownAffine do.

    The warp is mmpose's own transform (OpenCV, bilinear, on the CPU), so crops are equal to
    those that the estimator was trained on.

    Args:
        input_size: Crop width and height in pixels. None: that of the estimator's codec.
        padding: Enlargement of the box.
        use_udp: Unbiased geometry. None: when the estimator's codec is UDPHeatmap.
        decoder: The estimator's codec, given by the tracker.

    Raises:
        ValueError: No size is known, or it is not the codec's.
    """

    def __init__(
        self,
        *,
        input_size: Sequence[int] | None = None,
        padding: float = 1.25,
        use_udp: bool | None = None,
        decoder=None,
    ):
        codec_size = getattr(decoder, "input_size", None)
        if input_size is None:
            input_size = codec_size
        if input_size is None:
            raise ValueError(
                "the estimator's codec states no input_size: give the cropper one, (w, h)"
            )
        size = tuple(int(side) for side in input_size)
        if codec_size is not None and size != tuple(int(side) for side in codec_size):
            raise ValueError(
                f"the cropper's input_size {size} is not the estimator's codec's {codec_size}"
            )
        if padding <= 0:
            raise ValueError(f"padding must be positive, got {padding}")
        self.input_size = size
        self.padding = padding
        udp = isinstance(decoder, UDPHeatmap) if use_udp is None else use_udp
        self.affine = TopdownAffine(input_size=size, use_udp=udp)

    def __call__(self, image: np.ndarray, boxes: np.ndarray) -> Crops:
        """Crop.

        Args:
            image: (H, W, 3) uint8 BGR frame.
            boxes: (P, 4) float32 xyxy, pixels; may reach over the border (filled with black).

        Returns:
            The crops, P may be 0.
        """
        width, height = self.input_size
        centers, scales = bbox_xyxy2cs(boxes.reshape(-1, 4), padding=self.padding)
        images = np.empty((len(boxes), height, width, 3), np.uint8)
        regions = np.empty((len(boxes), 2), np.float32)
        for i in range(len(boxes)):
            crop = self.affine(
                dict(img=image, bbox_center=centers[i : i + 1], bbox_scale=scales[i : i + 1])
            )
            images[i] = crop["img"]
            regions[i] = crop["input_scale"]
        return Crops(images=images, centers=centers.astype(np.float32), scales=regions)
