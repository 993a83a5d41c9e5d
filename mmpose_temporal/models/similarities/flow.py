"""Poses moved by optical flow."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from mmpose.registry import MODELS
from scipy.ndimage import map_coordinates

from mmpose_temporal.structures import FramePacket

from .base import Representation
from .oks import OKSSimilarity

PRESETS = {
    "ultrafast": cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
    "fast": cv2.DISOPTICAL_FLOW_PRESET_FAST,
    "medium": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
}

SMALLEST_SIDE = 16
"""Pixels: the flow takes no images under 12; smaller ones are continued by their last pixels."""


@MODELS.register_module()
class FlowSimilarity(OKSSimilarity):
    """OKS of a frame's poses with earlier ones that dense optical flow has moved, in [0, 1].

    The tracking of Simple Baselines (Xiao et al., ECCV 2018, section 3), a baseline of KeyTrack
    (section 4.2), with the DIS flow of OpenCV (Kroeger et al., ECCV 2016) instead of a network.
    The flow between a frame and the one before is computed once, in grey and at reduced size,
    and read bilinearly at the joints. People who were not seen for a while were moved in every
    frame since, so their flows are chained. Of a video one small grey image is kept.

    Choice: frames in which people are not detected are ignored, so the flow skips them.
    A joint outside the frame moves as the nearest pixel inside.

    Args:
        preset: Of the flow: ``'ultrafast'``, ``'fast'`` or ``'medium'``, each slower and better.
        long_edge: Longer side in pixels that larger frames are reduced to for the flow.
        missing_joints: See :class:`OKSSimilarity`.
        sigmas: See :class:`OKSSimilarity`.

    Raises:
        ValueError: Unknown ``preset``, or ``long_edge`` below 16.
    """

    def __init__(
        self,
        *,
        preset: str = "medium",
        long_edge: int = 512,
        missing_joints: str = "disagree",
        sigmas: Sequence[float] | None = None,
    ):
        super().__init__(missing_joints=missing_joints, sigmas=sigmas)
        if preset not in PRESETS:
            raise ValueError(f"preset must be one of {', '.join(PRESETS)}, got {preset!r}")
        if long_edge < SMALLEST_SIDE:
            raise ValueError(f"long_edge must be {SMALLEST_SIDE} or more, got {long_edge}")
        self.preset = preset
        self.long_edge = long_edge

    def advance(
        self, previous: Representation | None, packet: FramePacket, scene: dict[str, Any]
    ) -> Representation | None:
        """Move the joints remembered by the flow from the previous frame to this one.

        ``scene`` holds ``'grey'``, the previous frame in grey at reduced size, and ``'size'``, its
        original width and height.

        Raises:
            ValueError: No image, or one of another size than the previous frame.
        """
        image = packet.image
        if image is None:
            raise ValueError(
                "FlowSimilarity needs the frames: use it in a PoseTracker, put LoadVideoFrame "
                "before PackFramePoses in the pipeline, or give tools/track_poses.py --images. "
                "Where there are poses only, OKSSimilarity compares them without moving"
            )
        size = (image.shape[1], image.shape[0])
        if scene.get("size", size) != size:
            raise ValueError(
                f"FlowSimilarity: a frame of {size[0]}x{size[1]} pixels follows one of "
                f"{scene['size'][0]}x{scene['size'][1]}; the frames of a video must have one size"
            )
        before, grey = scene.get("grey"), self._reduced(image)
        scene.update(grey=grey, size=size)
        if before is None or previous is None or not len(previous["keypoints"]):
            return previous
        flow = cv2.DISOpticalFlow_create(PRESETS[self.preset]).calc(before, grey, None)
        scale = np.array(self._reduced_size(size), np.float32) / size
        return {**previous, "keypoints": moved(previous["keypoints"], flow, scale)}

    def _reduced_size(self, size: tuple[int, int]) -> tuple[int, int]:
        factor = min(1.0, self.long_edge / max(size))
        return tuple(max(1, round(side * factor)) for side in size)

    def _reduced(self, image: np.ndarray) -> np.ndarray:
        """(h, w) uint8, grey, at least 16 pixels on each side."""
        size = self._reduced_size((image.shape[1], image.shape[0]))
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        if size != grey.shape[::-1]:
            grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        right, below = (max(0, SMALLEST_SIDE - side) for side in size)
        if right or below:
            grey = cv2.copyMakeBorder(grey, 0, below, 0, right, cv2.BORDER_REPLICATE)
        return grey


def moved(keypoints: np.ndarray, flow: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Move points by a dense flow.

    Args:
        keypoints: (M, K, 2), pixels of the frame.
        flow: (h, w, 2), where each pixel of the reduced frame goes, in pixels of that.
        scale: (2,) reduced by original width and height.

    Returns:
        (M, K, 2) float32. The flow is read between the pixels; outside, at the border.
    """
    places = (keypoints + 0.5) * scale - 0.5  # the centre of the first pixel is (0, 0) in both
    rows_columns = places[..., ::-1].transpose(2, 0, 1)
    steps = [
        map_coordinates(flow[..., axis], rows_columns, order=1, mode="nearest")
        for axis in range(2)
    ]
    return (keypoints + np.stack(steps, axis=-1) / scale).astype(np.float32)
