import cv2
import pytest
import torch
from mmengine.registry import DefaultScope
from mmpose.registry import TRANSFORMS

from mmpose_temporal.datasets import PosePairDataset
from mmpose_temporal.testing import write_tiny_posetrack
from mmpose_temporal.utils.crops import crop_people


@pytest.fixture(autouse=True)
def _scope(_clean_mmengine) -> None:
    DefaultScope.get_instance("pair_crops", scope_name="mmpose")


@pytest.fixture
def dataset(tmp_path) -> PosePairDataset:
    root = write_tiny_posetrack(tmp_path, videos={"v1": 3})
    return PosePairDataset(
        data_root=str(root),
        ann_file="annotations/val",
        delta=2,
        pipeline=[dict(type="LoadPairCrops", size=(8, 6)), dict(type="PackPosePairs")],
    )


def test_both_people_of_an_item(dataset):
    index = next(i for i in range(len(dataset)) if dataset.get_data_info(i)["distance"] == 2)
    item, packed = dataset.get_data_info(index), dataset[index]
    crops = packed["inputs"]["crops"]
    assert crops.shape == (2, 3, 6, 8)
    for path, box, crop in zip(item["img_paths"], item["boxes"], crops, strict=True):
        assert torch.equal(crop, crop_people(cv2.imread(path), box[None], (8, 6))[0])
    assert len(set(item["img_paths"])) == 2


def test_the_pair_in_the_other_order(dataset):
    item = dataset.get_data_info(0)
    load = TRANSFORMS.build(dict(type="LoadPairCrops", size=(8, 6)))
    turn = TRANSFORMS.build(dict(type="PosePairReverse", prob=1))
    assert torch.equal(load(turn(item))["crops"], load(item)["crops"].flip(0))


def test_a_frame_that_is_missing(dataset):
    item = dataset.get_data_info(0)
    item["img_paths"] = [item["img_paths"][0], item["img_paths"][1] + "x"]
    with pytest.raises(ValueError, match="video v1, frame .*: cannot use .*pngx"):
        TRANSFORMS.build(dict(type="LoadPairCrops"))(item)
    assert TRANSFORMS.build(dict(type="LoadPairCrops", on_error="skip"))(item) is None


@pytest.mark.parametrize("options", [dict(size=(0, 4)), dict(size=(4,)), dict(padding=0)])
def test_options_out_of_range(options):
    with pytest.raises(ValueError, match="size must be two positive numbers and padding"):
        TRANSFORMS.build(dict(type="LoadPairCrops", **options))
