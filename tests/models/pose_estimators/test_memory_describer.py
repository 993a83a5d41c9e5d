"""What is told of each crop: which it is, and how well its keypoints were found."""

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.models.necks import FrameFeatures, PersonEntries
from mmpose_temporal.testing import tiny_crops, tiny_ptm_config, tiny_temporal_estimator_config


def build(**estimator):
    torch.manual_seed(0)
    return MODELS.build(tiny_ptm_config(estimator=estimator)["estimator"]).eval()


@torch.no_grad()
def predict(model, crops, samples):
    return [found.pred_instances for found in model(crops, samples, mode="predict")]


@pytest.mark.parametrize("flip_test", [False, True])
def test_rows_are_those_of_the_heatmaps(flip_test):
    """With the flip test of the averaged ones."""
    model = build(flip_test=flip_test)
    model.test_cfg["output_heatmaps"] = True
    crops, samples = tiny_crops(3)
    frame = FrameFeatures(np.full(5, -1), np.zeros(5, np.float32))
    for crop, sample in ((4, samples[0]), (2, samples[2])):
        person = PersonEntries(None, -1, frame, crop)
        sample.set_field(person, "person_memory", field_type="metainfo", dtype=None)
    with torch.no_grad():
        found = model(crops, samples, mode="predict")
    maps = torch.stack([one.pred_fields.heatmaps for one in found])
    quality, places = model.neck.judge(maps)
    rows = [one.pred_instances for one in found]
    assert torch.cat([row.memory_crop for row in rows]).tolist() == [4, -1, 2]
    torch.testing.assert_close(torch.cat([row.memory_quality for row in rows]), quality)
    torch.testing.assert_close(torch.cat([row.memory_places for row in rows]), places)
    assert quality.shape == (3, 17) and places.shape == (3, 17, 2)
    assert frame.gather(np.array([2, 4])).shape[:2] == (2, 1 + flip_test)


def test_poses_are_those_of_the_estimator_without_a_describer():
    crops, samples = tiny_crops(2)
    one, other = build(), build(describers=[])
    other.load_state_dict(one.state_dict())
    for a, b in zip(predict(one, crops, samples), predict(other, *tiny_crops(2)), strict=True):
        np.testing.assert_array_equal(a.keypoints, b.keypoints)
        np.testing.assert_array_equal(a.keypoint_scores, b.keypoint_scores)
        assert "memory_quality" not in b


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_in_half_precision(dtype):
    model = build()
    exact = predict(model, *tiny_crops(2))
    with torch.autocast("cpu", dtype):
        crops, samples = tiny_crops(2)
        heatmaps = model.head(model.extract_feat(crops, samples))
        quality, _ = model.neck.judge(heatmaps)
    assert heatmaps.dtype == dtype and quality.dtype == torch.float32
    expected = torch.cat([row.memory_quality for row in exact])
    torch.testing.assert_close(quality, expected, atol=0.05, rtol=0)


def test_an_estimator_without_a_memory_is_refused():
    config = tiny_temporal_estimator_config(matching=None, refinement=False)
    with pytest.raises(ValueError, match="the estimator has none: add it as the neck"):
        MODELS.build(dict(config, describers=[dict(type="MemoryDescriber")]))
