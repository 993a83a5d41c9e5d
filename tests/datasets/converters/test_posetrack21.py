import json

import numpy as np
import pytest

from mmpose_temporal.datasets import read_video
from mmpose_temporal.datasets.converters import (
    ConversionReport,
    convert_posetrack21,
    posetrack21_to_18,
)
from mmpose_temporal.structures import KEYPOINT_NAMES
from mmpose_temporal.testing import write_tiny_posetrack


@pytest.fixture
def source(tmp_path):
    """The tiny set with PoseTrack21's fields; the last person of frame 1 has a box only."""
    root = write_tiny_posetrack(tmp_path / "tiny", videos={"000001_bonn_train": 2})
    path = root / "annotations" / "val" / "000001_bonn_train.json"
    content = json.loads(path.read_text())
    for image in content["images"]:
        image["has_labeled_person"] = True
    for person in content["annotations"]:
        person["person_id"] = 1024 + person["track_id"]
    content["annotations"][-1]["keypoints"] = [0] * 51
    path.write_text(json.dumps(content))
    return path


def edit(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_more_fields_and_boxes(source, tmp_path):
    report = convert_posetrack21(source, tmp_path / "18")
    assert report.converted == {"videos": 1, "frames": 2, "people": 3}  # 2 x 2 less one
    assert report.left_out == {"people without joints (boxes for multi-object tracking)": 1}
    assert report.notes == [
        "the field 'has_labeled_person' of images is dropped: the PoseTrack18 layout has none",
        "the field 'person_id' of people is dropped: the PoseTrack18 layout has none",
    ]
    assert "person_id" not in (tmp_path / "18" / source.name).read_text()
    before, after = read_video(source), read_video(tmp_path / "18" / source.name)
    for one, other in zip(before.frames[0].people, after.frames[0].people, strict=True):
        np.testing.assert_array_equal(one.keypoints, other.keypoints)
        np.testing.assert_array_equal(one.box, other.box)
        np.testing.assert_array_equal(one.head_box, other.head_box)


def test_another_order_of_the_joints(source, tmp_path):
    before = read_video(source).frames[0].people[0].keypoints

    def turn(content):
        content["categories"][0]["keypoints"] = list(KEYPOINT_NAMES[::-1])
        for person in content["annotations"]:
            rows = np.reshape(person["keypoints"], (17, 3))[::-1]
            person["keypoints"] = rows.reshape(-1).tolist()

    edit(source, turn)
    convert_posetrack21(source, tmp_path / "18")
    after = read_video(tmp_path / "18" / source.name).frames[0].people[0].keypoints
    np.testing.assert_array_equal(before, after)


def test_other_categories(source):
    edit(source, lambda c: c["annotations"][0].update(category_id=2))
    report = ConversionReport()
    posetrack21_to_18(source, report)
    assert report.left_out["annotations of other categories"] == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("images"), "'images' must be a list"),
        (lambda c: c["images"].clear(), "has no frames"),
        (
            lambda c: c["annotations"][0]["keypoints"].pop(),
            "'keypoints' must hold 51 numbers, found 50",
        ),
        (
            lambda c: c["annotations"][0].update(keypoints=[1, 1, 1]),
            "'keypoints' must hold 51 numbers, found 3",
        ),
        (
            lambda c: c["annotations"][0].pop("track_id"),
            "000000.png.*: 'track_id' must be",
        ),
        (lambda c: c["annotations"][0].update(image_id=7), "image 7, which the file does not"),
        (lambda c: c["images"][0].update(file_name="/etc/passwd"), "leaves the data root"),
        (lambda c: c["images"][0].pop("file_name"), "the image has no name"),
        (
            lambda c: c["categories"][0].update(keypoints=["nose"]),
            "(?s)missing: head_bottom, .*right_ankle",
        ),
    ],
)
def test_broken_files(source, change, message):
    edit(source, change)
    with pytest.raises(ValueError, match=message):
        posetrack21_to_18(source, ConversionReport())


def test_truncated(source):
    source.write_text(source.read_text()[:100])
    with pytest.raises(ValueError, match="is not valid JSON"):
        posetrack21_to_18(source, ConversionReport())
