"""Files of detections: whose boxes they are, and scores beyond 0 and 1."""

import pytest
from mmengine.logging import MMLogger

from mmpose_temporal.datasets import PoseTrackVideoDataset, read_detections
from mmpose_temporal.testing import write_tiny_posetrack
from mmpose_temporal.utils import write_json


def box(image_id=10000, category=1, score=0.5) -> dict:
    return dict(image_id=image_id, category_id=category, bbox=[1, 2, 3, 4], score=score)


@pytest.fixture
def log(tmp_path):
    """Text of the log."""
    file = tmp_path / "log.txt"
    MMLogger.get_instance(tmp_path.name, log_file=str(file))
    return file.read_text


@pytest.fixture
def root(tmp_path):
    return write_tiny_posetrack(tmp_path / "tiny")


def build(root, **options):
    return PoseTrackVideoDataset(
        data_root=str(root), ann_file="annotations/val", box_source="file", **options
    )


def test_people_of_mmdets_numbering(root, log):
    write_json(root / "found.json", [box(category=0), box(category=0), box(category=2)])
    with pytest.raises(ValueError, match="of category 1") as caught:
        build(root, bbox_file="found.json")
    text = str(caught.value)
    assert text.startswith(f"{root / 'found.json'}: none of its 3 detections is of category 1; ")
    assert "its categories are 0 (2), 2 (1): set bbox_category of the data set" in text
    dataset = build(root, bbox_file="found.json", bbox_category=0)
    assert len(dataset[0]["proposals"]) == 2
    assert "2 of 3 detections are of category 0, people; left out, by category: 2 (1)" in log()
    assert "no boxes of people in 1 of 2 videos (v2): nobody is found in them" in log()


def test_an_empty_file_is_no_test(root):
    write_json(root / "found.json", [])
    with pytest.raises(ValueError, match=r"found\.json is an empty list: the detector found nob"):
        build(root, bbox_file="found.json")


def test_a_category_without_a_file(root):
    with pytest.raises(ValueError, match="bbox_category=0 goes with bbox_file"):
        PoseTrackVideoDataset(data_root=str(root), ann_file="annotations/val", bbox_category=0)


def test_scores_beyond_0_and_1_are_used_as_they_are(tmp_path, log):
    write_json(tmp_path / "found.json", [box(score=s) for s in (97.5, -2, 0.5, 1.000001)])
    for _ in range(2):
        boxes, scores = read_detections(tmp_path / "found.json", {10000})[10000]
    assert scores.tolist() == [97.5, pytest.approx(1.000001), 0.5, -2]
    assert len(boxes) == 4
    said = [line for line in log().splitlines() if "outside 0 to 1" in line]
    assert len(said) == 1  # once for each file
    assert "2 of 4 'score' (-2 to 97.5) lie outside 0 to 1. They are used as they are" in said[0]
