"""A keypoint's cell and its offset, there and back."""

import numpy as np
import pytest
import torch
from mmpose.datasets.transforms import GenerateTarget, PackPoseInputs
from mmpose.registry import KEYPOINT_CODECS

import mmpose_temporal  # noqa: F401 - registers everything
from mmpose_temporal.codecs import OffsetHeatmap

SIZES = dict(input_size=(48, 64), heatmap_size=(12, 16))


def maps(encoded: dict, height: int = 16, width: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """The heatmaps and dense offsets that a perfect network would give."""
    (cells,), (offsets,) = encoded["keypoint_cells"], encoded["keypoint_offsets"]
    dense = np.zeros((2, len(cells), height, width), np.float32)
    dense[:, np.arange(len(cells)), cells[:, 1], cells[:, 0]] = offsets.T
    return encoded["heatmaps"], dense.reshape(-1, height, width)


def test_one_keypoint_by_hand():
    codec = KEYPOINT_CODECS.build(dict(type="OffsetHeatmap", sigma=1, **SIZES))
    # cell (2, 5) has pixels 8 to 11 and 20 to 23, so its centre is (9.5, 21.5)
    encoded = codec.encode(np.array([[[8.0, 23.25]]]))
    assert encoded["keypoint_cells"].tolist() == [[[2, 5]]]
    assert encoded["keypoint_offsets"].tolist() == [[[-1.5, 1.75]]]
    assert encoded["keypoint_weights"].tolist() == [[1.0]]
    heatmap = encoded["heatmaps"][0]
    assert heatmap.shape == (16, 12)
    assert heatmap[5, 2] == 1
    np.testing.assert_allclose(heatmap[5, 3], np.exp(-0.5), rtol=1e-6)
    np.testing.assert_allclose(heatmap[6, 1], np.exp(-1), rtol=1e-6)
    keypoints, scores = codec.decode(maps(encoded))
    np.testing.assert_allclose(keypoints, [[[8.0, 23.25]]], atol=1e-5)
    assert scores.tolist() == [[1.0]]


@pytest.mark.parametrize(("stride", "sigma"), [(4, 2), (4, 1.7), (4, 0.6), (2.5, 1.5)])
def test_there_and_back(stride, sigma):
    codec = OffsetHeatmap((12 * stride, 16 * stride), (12, 16), sigma)
    rng = np.random.default_rng(0)
    corner = np.array([12 * stride, 16 * stride]) - 0.5
    keypoints = rng.uniform(-0.49, corner - 0.01, (1, 500, 2))
    encoded = codec.encode(keypoints)
    assert encoded["keypoint_weights"].min() == 1
    assert np.abs(encoded["keypoint_offsets"]).max() <= stride / 2 + 1e-5
    found, scores = codec.decode(maps(encoded))
    assert found.dtype == np.float32
    assert np.abs(found - keypoints).max() < 0.01
    assert scores.min() == 1


def test_corners_of_the_crop():
    """The first and the last pixel are in the first and the last cell, half a pixel on is out."""
    codec = OffsetHeatmap(**SIZES)
    inside = codec.encode(np.array([[[0.0, 0.0], [47.0, 63.0], [47.4, 63.4]]]))
    assert inside["keypoint_cells"].tolist() == [[[0, 0], [11, 15], [11, 15]]]
    assert inside["keypoint_weights"].tolist() == [[1, 1, 1]]
    outside = codec.encode(np.array([[[-0.6, 5.0], [47.6, 5.0], [5.0, 63.6], [-3.0, -3.0]]]))
    assert outside["keypoint_weights"].tolist() == [[0, 0, 0, 0]]
    assert not outside["heatmaps"].any()
    assert not outside["keypoint_offsets"].any()


def test_mirrored_crop_has_mirrored_targets():
    codec = OffsetHeatmap(**SIZES)
    keypoints = np.random.default_rng(0).uniform(0, 47, (1, 20, 2))
    mirrored = keypoints * [-1, 1] + [47, 0]
    one, other = codec.encode(keypoints), codec.encode(mirrored)
    np.testing.assert_allclose(one["heatmaps"], other["heatmaps"][..., ::-1], atol=1e-6)
    np.testing.assert_allclose(
        one["keypoint_offsets"], other["keypoint_offsets"] * [-1, 1], atol=1e-5
    )


def test_invisible_keypoints_have_no_target():
    codec = OffsetHeatmap(**SIZES)
    encoded = codec.encode(np.array([[[9.0, 9.0], [20.0, 20.0]]]), np.array([[0.0, 1.0]]))
    assert encoded["keypoint_weights"].tolist() == [[0, 1]]
    assert not encoded["heatmaps"][0].any()
    assert encoded["heatmaps"][1].max() == 1


def test_batches_on_tensors():
    codec = OffsetHeatmap(**SIZES)
    heatmaps, offsets = torch.zeros(3, 2, 16, 12), torch.zeros(3, 4, 16, 12)
    heatmaps[1, 0, 5, 2] = 0.5
    offsets[1, 0, 5, 2], offsets[1, 2, 5, 2] = -1.25, 0.75  # x of keypoint 0, y of keypoint 0
    offsets[1, 1] = 7  # x of keypoint 1
    keypoints, scores = codec.batch_decode(heatmaps.half(), offsets.half())
    assert len(keypoints) == len(scores) == 3
    assert keypoints[1].tolist() == [[[9.5 - 1.25, 21.5 + 0.75], [1.5 + 7, 1.5]]]
    assert scores[1].tolist() == [[0.5, 0]]
    assert codec.batch_decode(heatmaps[:0], offsets[:0]) == ([], [])


def test_packed_for_the_head():
    results = dict(
        img=np.zeros((64, 48, 3), np.uint8),
        transformed_keypoints=np.array([[[8.0, 23.0]]]),
        keypoints_visible=np.ones((1, 1)),
    )
    encoder = dict(type="OffsetHeatmap", **SIZES)
    packed = PackPoseInputs()(GenerateTarget(encoder=encoder)(results))["data_samples"]
    assert packed.gt_fields.heatmaps.shape == (1, 16, 12)
    labels = packed.gt_instance_labels
    assert labels.keypoint_cells.tolist() == [[[2, 5]]]
    assert labels.keypoint_offsets.tolist() == [[[-1.5, 1.5]]]
    assert labels.keypoint_weights.tolist() == [[1.0]]


def test_bad_input():
    with pytest.raises(ValueError, match="must be positive"):
        OffsetHeatmap(input_size=(48, 64), heatmap_size=(12, 0))
    with pytest.raises(ValueError, match="sigma"):
        OffsetHeatmap(**SIZES, sigma=0)
    codec = OffsetHeatmap(**SIZES)
    with pytest.raises(ValueError, match="one person at a time, got 2"):
        codec.encode(np.zeros((2, 17, 2)))
    with pytest.raises(ValueError, match=r"heatmaps \(1, 1, 12, 16\)"):
        codec.batch_decode(torch.zeros(1, 1, 12, 16), torch.zeros(1, 2, 12, 16))
    with pytest.raises(ValueError, match=r"offsets \(1, 1, 16, 12\)"):
        codec.batch_decode(torch.zeros(1, 1, 16, 12), torch.zeros(1, 1, 16, 12))
