import json

import numpy as np
import pytest
from mmengine.registry import init_default_scope
from mmpose.datasets import PoseTrack18Dataset

from mmpose_temporal.datasets import PoseTrackPersonDataset
from mmpose_temporal.testing import write_tiny_posetrack

MERGED = "annotations/posetrack18_val.json"


@pytest.fixture
def root(tmp_path):
    init_default_scope("mmpose")
    return write_tiny_posetrack(tmp_path)


def build(root, **options) -> PoseTrackPersonDataset:
    defaults = dict(data_root=str(root), ann_file="annotations/val", serialize_data=False)
    return PoseTrackPersonDataset(**{**defaults, **options})


def reference(root, **options) -> PoseTrack18Dataset:
    return PoseTrack18Dataset(
        data_root=str(root), ann_file=MERGED, serialize_data=False, **options
    )


def edit(file, change) -> None:
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


@pytest.mark.parametrize("test_mode", [False, True])
@pytest.mark.parametrize("ann_file", ["annotations/val", MERGED])
def test_items_are_mmposes(root, ann_file, test_mode):
    mmposes = reference(root, test_mode=test_mode)
    dataset = build(root, ann_file=ann_file, test_mode=test_mode)
    assert len(dataset) == len(mmposes) == 2 * (5 + 3)
    for ours, theirs in zip(dataset, mmposes, strict=True):
        assert set(theirs) - set(ours) == set()
        for key in set(theirs) - {"raw_ann_info", "dataset"}:
            np.testing.assert_array_equal(ours[key], theirs[key], err_msg=key)
            assert type(ours[key]) is type(theirs[key]), key
            assert getattr(ours[key], "dtype", 0) == getattr(theirs[key], "dtype", 0), key


def test_areas_that_the_file_does_not_say(root):
    for file in ("annotations/val/v1.json", MERGED):
        edit(root / file, lambda c: c["annotations"][0].pop("area"))
    # mmpose takes 53 % of the box, which is 12 x 32.
    for dataset in (build(root), reference(root)):
        np.testing.assert_allclose(dataset[0]["area"], 0.53 * 12 * 32, rtol=1e-6)
        assert dataset[1]["area"] == 12 * 32


def test_groups_of_people_are_left_out_as_mmpose_does(root):
    for file in ("annotations/val/v1.json", MERGED):
        edit(root / file, lambda c: c["annotations"][0].update(iscrowd=1))
    mmposes = reference(root)
    assert [d["id"] for d in build(root)] == [d["id"] for d in mmposes]
    assert len(mmposes) == 15


def test_boxes_over_the_border_are_clipped_as_mmpose_does(root):
    def change(content):
        content["annotations"][0]["bbox"] = [-5, -4, 100, 20]

    for file in ("annotations/val/v1.json", MERGED):
        edit(root / file, change)
    mmposes = reference(root)
    # x: -5 .. 95 becomes 0 .. 64 - 1, y: -4 .. 16 becomes 0 .. 16
    np.testing.assert_array_equal(build(root)[0]["bbox"], [[0, 0, 63, 16]])
    np.testing.assert_array_equal(mmposes[0]["bbox"], [[0, 0, 63, 16]])


def test_people_without_joints_are_left_out_as_mmpose_does(root):
    def change(content):
        content["annotations"][1].update(keypoints=[0.0] * 51, num_keypoints=0)

    for file in ("annotations/val/v1.json", MERGED):
        edit(root / file, change)
    mmposes = reference(root)
    assert len(build(root)) == len(mmposes) == 15
    assert [d["id"] for d in build(root)] == [d["id"] for d in mmposes]


def test_selection(root):
    dataset = build(root, videos=["v1"], frames=(1, None), frame_step=2)
    assert [d["img_id"] for d in dataset] == [10001, 10001, 10003, 10003]


def test_indices_and_image_prefix(root):
    dataset = build(root, indices=3)
    assert len(dataset) == 3
    assert dataset[0]["img_path"] == str(root / "images/val/v1/000000.png")


def test_a_path_outside_the_root(root):
    file = root / "annotations" / "val" / "v1.json"
    edit(file, lambda c: c["images"][0].update(file_name="../../x.png"))
    with pytest.raises(ValueError, match="leaves the data root"):
        build(root)


@pytest.mark.parametrize("release", ["posetrack17", "posetrack21"])
def test_release(root, release):
    assert build(root, release=release).metainfo["dataset_name"] == release


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(bbox_file="detections_val.json"), "takes no bbox_file: use PoseTrackVideoDataset"),
        (dict(metainfo=dict(dataset_name="x")), "metainfo must have"),
        (dict(metainfo=dict(dataset_name="x"), release="posetrack18"), "release or metainfo"),
        (dict(sample_interval=2), "takes no sample_interval: use frame_step"),
        (dict(release="posetrack20"), "unknown PoseTrack release"),
        (dict(videos=["v9"]), "has no video v9"),
    ],
)
def test_options_that_do_not_fit(root, options, message):
    with pytest.raises(ValueError, match=message):
        build(root, **options)


def test_through_mmposes_training_pipeline(root):
    codec = dict(type="MSRAHeatmap", input_size=(48, 64), heatmap_size=(12, 16), sigma=1)
    dataset = build(
        root,
        pipeline=[
            dict(type="LoadImage"),
            dict(type="GetBBoxCenterScale"),
            dict(type="RandomFlip", direction="horizontal"),
            dict(type="TopdownAffine", input_size=(48, 64)),
            dict(type="GenerateTarget", encoder=codec),
            dict(type="PackPoseInputs"),
        ],
    )
    packed = dataset[0]
    assert packed["inputs"].shape == (3, 64, 48)
    assert packed["data_samples"].gt_fields.heatmaps.shape == (17, 16, 12)
