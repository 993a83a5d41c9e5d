"""Crop pixels to heatmap cells."""

import numpy as np
import pytest

from mmpose_temporal.datasets import LocateKeypoints

MSRA = dict(type="mmpose.MSRAHeatmap", input_size=(48, 64), heatmap_size=(12, 16), sigma=1)
UDP = dict(type="mmpose.UDPHeatmap", input_size=(48, 64), heatmap_size=(12, 16), sigma=1)

OFFSET = dict(type="OffsetHeatmap", input_size=(48, 64), heatmap_size=(12, 16))


@pytest.mark.parametrize(
    ("codec", "expected"),
    [
        (MSRA, [[24 / 4, 32 / 4]]),
        (UDP, [[24 * 11 / 47, 32 * 15 / 63]]),  # the outer centres of both grids coincide
        (OFFSET, [[24.5 / 4 - 0.5, 32.5 / 4 - 0.5]]),  # a cell is the centre of its pixels
    ],
)
def test_location(codec, expected):
    table = dict(keypoint_weights="keypoint_weights")
    results = LocateKeypoints(encoder=codec)(
        dict(transformed_keypoints=np.full((1, 1, 2), [24, 32.0]), label_mapping_table=table)
    )
    assert results["keypoint_locations"] == pytest.approx(np.array([expected]))
    assert results["keypoint_locations"].dtype == np.float32
    assert results["label_mapping_table"].keys() == {"keypoint_weights", "keypoint_locations"}
    assert table.keys() == {"keypoint_weights"}  # the codec's own is not changed


def test_codec_without_heatmaps():
    codec = dict(type="mmpose.RegressionLabel", input_size=(48, 64))
    with pytest.raises(ValueError, match="no scale_factor"):
        LocateKeypoints(encoder=codec)
