"""From cells to image pixels, by hand."""

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.codecs import MSRAHeatmap, UDPHeatmap
from mmpose.structures import PoseDataSample

from mmpose_temporal.codecs import OffsetHeatmap
from mmpose_temporal.models.heads import KeypointCandidates
from mmpose_temporal.models.pose_estimators.image_places import image_places


@pytest.mark.parametrize(
    ("codec", "expected"),
    [
        # a crop of 16 x 24 pixels shows 32 x 48 of the image: a cell is 8 pixels wide and high
        (MSRAHeatmap, [84 + 2.25 * 8, 26 + 3 * 8]),
        # the 4 x 6 cells reach from edge to edge: 3 steps over 32 pixels, 5 over 48
        (UDPHeatmap, [84 + 2.25 * 32 / 3, 26 + 3 * 48 / 5]),
        # a cell is its 4 pixels' centre, 1.5 pixels of the crop and so 3 of the image further
        (OffsetHeatmap, [84 + 2.25 * 8 + 3, 26 + 3 * 8 + 3]),
    ],
)
def test_places_by_hand(codec: type, expected: list) -> None:
    """The second candidate lies a quarter of a cell towards its higher neighbour, at (2.25, 3)."""
    heatmaps = torch.zeros(1, 1, 6, 4)
    heatmaps[0, 0, 3, 2:] = torch.tensor([0.5, 0.2])
    candidates = KeypointCandidates(
        cells=torch.tensor([[[[1, 1], [2, 3]]]]), scores=torch.tensor([[[0.9, 0.5]]])
    )
    sample = PoseDataSample(
        metainfo=dict(input_center=np.array([100, 50]), input_scale=np.array([32, 48]))
    )
    decoded = InstanceData(keypoints=np.array([[[4.0, 12.0]]]))  # pixels of the crop
    places = image_places(
        candidates,
        heatmaps,
        [decoded],
        [sample],
        codec(input_size=(16, 24), heatmap_size=(4, 6), sigma=1),
    )
    assert places.dtype == torch.float32 and places.shape == (1, 1, 2, 2)
    # a quarter of the width and half of the height: 84 + 32 / 4 and 26 + 48 / 2
    torch.testing.assert_close(places[0, 0], torch.tensor([[92.0, 50.0], expected]))
