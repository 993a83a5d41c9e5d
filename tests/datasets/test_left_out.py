"""Training data: who is no example is counted and said; nobody at all is an error."""

import json

import pytest
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope

from mmpose_temporal.datasets import (
    PersonClipDataset,
    PosePairDataset,
    PoseTrackPersonDataset,
    TrackletDataset,
)
from mmpose_temporal.testing import write_tiny_posetrack

KINDS = (PersonClipDataset, PosePairDataset, PoseTrackPersonDataset, TrackletDataset)


@pytest.fixture
def log(tmp_path):
    """Text of the log."""
    file = tmp_path / "log.txt"
    MMLogger.get_instance(tmp_path.name, log_file=str(file))
    return file.read_text


@pytest.fixture
def root(tmp_path):
    """16 people in 8 frames."""
    init_default_scope("mmpose")
    return write_tiny_posetrack(tmp_path)


def edit(root, change) -> None:
    for file in (root / "annotations" / "val").glob("*.json"):
        content = json.loads(file.read_text())
        change(content["annotations"])
        file.write_text(json.dumps(content))


def crowd(people):
    for person in people:
        person["iscrowd"] = 1


def unseen(people):
    for person in people:
        person["keypoints"] = [0] * 51


def nobody(people):
    people.clear()


def build(kind, root):
    return kind(data_root=str(root), ann_file="annotations/val")


@pytest.mark.parametrize("change", [crowd, unseen, nobody])
@pytest.mark.parametrize("kind", KINDS)
def test_nobody_to_train_on(root, kind, change):
    edit(root, change)
    reason = {crowd: "crowd.{,4}16", unseen: "keypoints?.{,4}16", nobody: ""}[change]
    with pytest.raises(ValueError, match=f"annotations/val.*nobody|train on.*{reason}") as caught:
        build(kind, root)
    assert "concatenate" not in str(caught.value)
    if change is not nobody:
        with pytest.raises(ValueError, match=reason):
            raise caught.value


@pytest.mark.parametrize("kind", KINDS)
def test_people_left_out_are_counted_and_logged_once(root, kind, log):
    def change(people):
        crowd(people[:1])
        unseen(people[2:3])

    edit(root, change)  # of both videos
    dataset = build(kind, root)
    assert dataset.left_out["crowd"] == 2
    names = ("no_keypoint", "few_keypoints")
    assert sum(dataset.left_out[name] for name in names) == 2
    said = [line for line in log().splitlines() if "crowd" in line]
    assert len(said) == 1
    assert "annotations/val" in said[0]


def test_boxes_without_area_and_keypoints_outside(root):
    def change(people):
        people[0]["bbox"][2] = 0
        people[0]["area"] = 1
        for place in range(0, 51, 3):
            people[1]["keypoints"][place : place + 2] = [-3, -5]

    edit(root, change)
    dataset = build(PoseTrackPersonDataset, root)
    assert len(dataset) == 16 - sum(dataset.left_out.values())
    assert dataset.left_out["outside"] == 2
