"""The tiny set is in order: v1 has 5 frames, v2 3, two people each. Each test breaks one thing."""

import json

import cv2
import numpy as np
import pytest

from mmpose_temporal.datasets.converters import ADVICE, check_posetrack
from mmpose_temporal.posetrack import FrameOrderError, load_videos
from mmpose_temporal.structures import KEYPOINT_NAMES
from mmpose_temporal.testing import write_tiny_posetrack


@pytest.fixture
def root(tmp_path):
    return write_tiny_posetrack(tmp_path / "tiny")


def edit(root, change, video="v1"):
    file = root / "annotations" / "val" / f"{video}.json"
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


def findings(root, **options):
    (split,) = check_posetrack(root, **options).splits
    return [(f.kind, f.where) for f in split.findings]


def test_a_good_set(root):
    report = check_posetrack(root)
    assert report.ok
    (split,) = report.splits
    assert (split.split, split.videos, split.frames, split.labeled) == ("val", 2, 8, 8)
    assert (split.images, split.people, split.tracks) == (8, 16, 4)
    assert split.release.name == "other"
    lines = report.text().splitlines()
    assert lines[1].split() == ["val", "2", "8", "8", "8", "16", "4", "0"]
    assert lines[-1] == "nothing is wrong"


def test_several_splits(root):
    write_tiny_posetrack(root, videos={"000001_bonn_train": 1}, split="train")
    report = check_posetrack(root, images=False)
    assert [s.split for s in report.splits] == ["train", "val"]
    assert [s.images for s in report.splits] == [0, 0]
    assert report.splits[0].release.name == "posetrack18"
    assert [s.split for s in check_posetrack(root, splits=["val"]).splits] == ["val"]


@pytest.mark.parametrize(
    ("kind", "change", "where"),
    [
        (
            "joint order",
            lambda c: c["categories"][0].update(keypoints=list(KEYPOINT_NAMES[::-1])),
            "v1.json: right_ankle, left_ankle",
        ),
        (
            "field errors",
            lambda c: c["annotations"][3]["keypoints"].pop(),
            "000001.png), annotation 1000101: 'keypoints' must hold 51 numbers",
        ),
        ("field errors", lambda c: c["annotations"][0].pop("track_id"), "'track_id'"),
        (
            "repeated track ids",
            lambda c: c["annotations"][1].update(track_id=0),
            "frame images/val/v1/000000.png, track 0",
        ),
        (
            "other categories",
            lambda c: c["annotations"][0].update(category_id=18),
            "track 0: category 18",
        ),
        (
            "paths outside the root",
            lambda c: c["images"][0].update(file_name="../000000.png"),
            "v1.json: '../000000.png'",
        ),
        (
            "missing head boxes",
            lambda c: c["annotations"][5].pop("bbox_head"),
            "frame images/val/v1/000002.png, track 1",
        ),
        ("missing head boxes", lambda c: c["annotations"][5].update(bbox_head=[]), "track 1"),
        (
            "missing head boxes",
            lambda c: c["annotations"][5].update(bbox_head=[0, 0, 0, 0]),
            "track 1",
        ),
        (
            "no labelled frames",
            lambda c: [image.update(is_labeled=False) for image in c["images"]],
            "v1.json",
        ),
        (
            "image sizes",
            lambda c: c["images"][4].update(width=65),
            "000004.png: it is 64x48, its annotation says 65x48",
        ),
    ],
)
def test_each_finding(root, kind, change, where):
    edit(root, change)
    ((found, place),) = findings(root)
    assert found == kind
    assert where in place


def test_frames_that_are_gone(root):
    def drop(content):
        gone = content["images"].pop(2)
        content["annotations"] = [a for a in content["annotations"] if a["image_id"] != gone["id"]]

    edit(root, drop)
    assert [(k, p.rsplit("v1.json: ")[1]) for k, p in findings(root)] == [
        ("fewer frames than stated", "4 of 5"),
        ("gaps in frame numbers", "3 follows 1"),
    ]


def test_images_that_cannot_be_read(root):
    (root / "images/val/v1/000001.png").unlink()
    (root / "images/val/v2/000000.png").write_bytes(b"no image")
    cv2.imwrite(str(root / "images/val/v2/000001.png"), np.zeros((4, 6, 3), np.uint8))
    found = findings(root)
    assert [k for k, _ in found] == ["missing images", "unreadable images", "image sizes"]
    assert found[0][1].endswith("images/val/v1/000001.png")
    assert found[2][1].endswith("it is 6x4, its annotation says 64x48")
    (split,) = check_posetrack(root, workers=3).splits
    assert split.images == 6
    assert [f.where for f in split.findings] == [p for _, p in found]  # in order, always
    assert findings(root, images=False) == []


def test_files_that_cannot_be_read(root):
    file = root / "annotations" / "val" / "v1.json"
    file.write_text(file.read_text()[:100])
    ((kind, where),) = findings(root)
    assert kind == "unreadable annotations" and "v1.json is not valid JSON" in where
    edit(root, lambda c: c.pop("images"), "v2")
    with pytest.raises(
        ValueError, match=r"no annotation file of .*annotations can be read: .*v1\.json"
    ):
        check_posetrack(root)
    (root / "annotations" / "train").mkdir()  # another split can be looked at
    good = write_tiny_posetrack(root / "other") / "annotations" / "val" / "v2.json"
    good.rename(root / "annotations" / "train" / "v3.json")
    train, val = check_posetrack(root, images=False).splits
    assert (train.readable, train.people, len(val.findings)) == (1, 6, 2)  # 3 frames, 2 people


def test_another_layout(root):
    notes = root / "annotations" / "val"
    (notes / "v1.json").write_text('{"annolist": []}')
    (notes / "v2.json").unlink()
    (notes / "v3.mat").write_bytes(b"")
    report = check_posetrack(root)
    assert [f.kind for f in report.splits[0].findings] == ["not the PoseTrack18 layout"] * 2
    assert report.splits[0].release.name == "posetrack17"
    assert "posetrack17_to_posetrack18.py" in report.text().replace("-\n", "")


def test_nothing_there(tmp_path, root):
    with pytest.raises(FileNotFoundError, match="has no folder annotations"):
        check_posetrack(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="no annotation files in .*test"):
        check_posetrack(root, splits=["test"])
    (tmp_path / "empty" / "annotations").mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match="has no folder with annotation files"):
        check_posetrack(tmp_path / "empty")
    with pytest.raises(ValueError, match="workers must be 1 or more"):
        check_posetrack(root, workers=0)


def test_the_first_few(root):
    edit(root, lambda c: [a.pop("bbox_head") for a in c["annotations"]])
    lines = check_posetrack(root).text(first=2).splitlines()
    start = next(i for i, line in enumerate(lines) if "missing head boxes" in line)
    assert lines[start].startswith("val: 10 x missing head boxes: ")
    assert ADVICE["missing head boxes"] in lines[start]
    assert [lines[start + i].startswith("    ") for i in (1, 2, 3)] == [True] * 3
    assert lines[start + 3] == "    and 8 more"
    assert len(lines) == start + 4


def test_real_samples(real_data):
    (split,) = check_posetrack(real_data / "posetrack18_sample").splits
    assert split.release.name == "posetrack18"
    assert split.images == 3
    # The sample has one frame of each video.
    assert dict(split.counts) == {"fewer frames than stated": 3}


def test_real_videos_without_head_boxes(real_data):
    (split,) = check_posetrack(
        real_data / "multiperson_posetrack", splits=["train"], images=False
    ).splits
    # 6394 people, of whom 1208 have a head box.
    assert (split.people, split.counts["missing head boxes"]) == (6394, 5186)
    (split,) = check_posetrack(
        real_data / "multiperson_posetrack", splits=["val"], images=False
    ).splits
    assert (split.people, split.findings) == (4207, [])


def test_the_order_is_that_of_the_readers(root):
    def rename(content):
        for index, image in enumerate(content["images"]):
            image["file_name"] = f"images/val/v1/{index:06d}_cam2.png"

    edit(root, rename)
    assert findings(root, images=False) == []
    edit(root, lambda c: c["images"].append(c["images"].pop(1)))
    ((kind, where),) = findings(root, images=False)
    assert kind == "order of the frames"
    assert "000001_cam2.png is listed after images/val/v1/000004_cam2.png" in where
    with pytest.raises(FrameOrderError) as caught:
        load_videos(root / "annotations" / "val")
    assert str(caught.value) == where
    assert findings(root, images=False, frame_order="names") == []


def test_gaps_are_those_of_the_readers(root):
    def rename(content):
        for number, image in zip([3, 4, 6, 7, 8], content["images"], strict=True):
            image["file_name"] = f"images/val/v1/cam2_{number}_640x480.png"

    edit(root, rename)
    ((kind, where),) = findings(root, images=False)
    assert kind == "gaps in frame numbers" and where.endswith("v1.json: 6 follows 4")


def test_several_videos_in_a_file(root):
    edit(root, lambda c: c["images"][2].update(file_name="images/train/v1/000002.png"))
    ((kind, where),) = findings(root, images=False)
    assert kind == "several videos in a file"
    assert "v1.json holds the frames of 2 videos" in where


def test_hidden_files_are_no_videos(root):
    (root / "annotations" / "val" / ".v1.json.abcd.json").write_text("{")
    (root / "annotations" / ".val.partial").mkdir()
    (root / "annotations" / ".val.partial" / "v1.json").write_text("{")
    report = check_posetrack(root, images=False)
    assert report.ok and [s.videos for s in report.splits] == [2]
    assert (
        "val: 1 files are no videos: .v1.json.abcd.json: a hidden or unfinished" in report.text()
    )
