"""From the cells of heatmaps to the pixels of the images that the crops were cut from."""

import torch
from mmengine.structures import InstanceData
from mmpose.codecs import MSRAHeatmap, UDPHeatmap
from mmpose.structures import PoseDataSample
from torch import Tensor

from mmpose_temporal.codecs import OffsetHeatmap
from mmpose_temporal.models.heads import KeypointCandidates, off_centre


def image_places(
    candidates: KeypointCandidates,
    heatmaps: Tensor,
    instances: list[InstanceData],
    data_samples: list[PoseDataSample],
    decoder: MSRAHeatmap | UDPHeatmap | OffsetHeatmap,
) -> Tensor:
    """Where the candidates of B people lie in their images; the first is the decoded keypoint.

    Args:
        candidates: Of the heatmaps.
        heatmaps: (B, K, H, W).
        instances: What the head decoded: ``keypoints`` (1, K, 2) in pixels of the crop.
        data_samples: With ``input_center`` and ``input_scale`` of the crops, image pixels.
        decoder: The codec of the head.

    Returns:
        (B, K, n, 2) float32, image pixels, on the heatmaps' device.
    """
    device = heatmaps.device

    def stack(rows: list) -> Tensor:
        return torch.stack([torch.as_tensor(row, dtype=torch.float32) for row in rows])

    width, height = decoder.heatmap_size
    cells = off_centre(heatmaps.float(), candidates.cells)
    if isinstance(decoder, OffsetHeatmap):
        shares = decoder.to_pixels(cells) / cells.new_tensor(decoder.input_size)
    else:
        steps = (width - 1, height - 1) if isinstance(decoder, UDPHeatmap) else (width, height)
        shares = cells / cells.new_tensor(steps)
    decoded = stack([instance.keypoints[0] for instance in instances])
    shares[:, :, 0] = (decoded / decoded.new_tensor(decoder.input_size)).to(device)
    center = stack([sample.input_center for sample in data_samples]).to(device)
    scale = stack([sample.input_scale for sample in data_samples]).to(device)
    return (shares - 0.5) * scale[:, None, None] + center[:, None, None]
