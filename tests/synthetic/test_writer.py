"""Files of a split: layout, schema, determinism, and calls that are cut off."""

import hashlib
import json
import os
import shutil
from dataclasses import replace

import cv2
import numpy as np
import pytest

from mmpose_temporal.posetrack import load_videos
from mmpose_temporal.synthetic import (
    DetectorNoise,
    SyntheticVideoConfig,
    preview_grid,
    write_dataset,
    write_detections,
    writer,
)
from mmpose_temporal.utils.failed_files import FailedFiles
from mmpose_temporal.utils.staging import claim_folder

CONFIG = SyntheticVideoConfig(width=160, height=120, num_frames=3, min_people=2, max_people=4)


def _write(out, **changes):
    values = {"config": CONFIG, "num_videos": 2, "seed": 3, "progress": False}
    return write_dataset(out, changes.pop("split", "val"), **{**values, **changes})


def _hashes(root):
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    out = tmp_path_factory.mktemp("synthetic")
    return out, _write(out, detections=DetectorNoise())


def test_the_files(dataset):
    out, summary = dataset
    videos = ("100001", "100002")
    expected = {f"images/val/{v}/{f:06d}.jpg" for v in videos for f in range(3)}
    expected |= {f"annotations/val/{v}.json" for v in videos}
    expected |= {"annotations/posetrack18_val.json", "annotations/val_detections.json"}
    assert set(_hashes(out)) == expected
    assert (summary.num_videos, summary.num_frames) == (2, 6)
    for path in (out / "images").rglob("*.jpg"):
        assert cv2.imread(str(path)).shape == (120, 160, 3)


def test_the_schema(dataset):
    out, summary = dataset
    merged = json.loads(summary.merged.read_text())
    files = sorted((out / "annotations" / "val").glob("*.json"))
    videos = [json.loads(path.read_text()) for path in files]
    assert merged["images"] == [image for video in videos for image in video["images"]]
    assert merged["annotations"] == [a for video in videos for a in video["annotations"]]
    images = {image["id"]: image for image in merged["images"]}
    assert len(images) == 6
    assert len({entry["id"] for entry in merged["annotations"]}) == len(merged["annotations"])
    assert merged["categories"][0]["id"] == 1 and len(merged["categories"][0]["keypoints"]) == 17
    pairs = set()
    for entry in merged["annotations"]:
        points = np.array(entry["keypoints"]).reshape(17, 3)
        assert set(points[:, 2]) <= {0, 1}
        assert entry["num_keypoints"] == points[:, 2].sum() >= 1
        seen = points[points[:, 2] > 0]
        assert (seen[:, 0] <= 159).all() and (seen[:, 1] <= 119).all() and (seen >= 0).all()
        assert entry["category_id"] == 1 and entry["image_id"] in images
        pairs.add((entry["image_id"], entry["track_id"]))
    assert len(pairs) == len(merged["annotations"])  # ids are unique within a frame
    for name in images.values():
        assert (out / name["file_name"]).is_file()


def test_ids_follow_the_person(dataset):
    """The same id means the same place: within 1/15 s nobody moves by half the frame."""
    _, summary = dataset
    merged = json.loads(summary.merged.read_text())
    boxes = {
        (e["image_id"], e["track_id"]): np.array(e["bbox_head"]) for e in merged["annotations"]
    }
    compared = 0
    for (image, track), box in boxes.items():
        after = boxes.get((image + 1, track))
        if after is not None:
            assert np.abs(after[:2] - box[:2]).max() < 30
            compared += 1
    assert compared >= 4


def test_detections_name_known_images(dataset):
    _, summary = dataset
    boxes = json.loads(summary.detections.read_text())
    images = {image["id"] for image in json.loads(summary.merged.read_text())["images"]}
    assert len(boxes) == summary.num_detections > 0
    assert {box["image_id"] for box in boxes} <= images


def test_bytes_do_not_depend_on_workers(dataset, tmp_path):
    out, _ = dataset
    _write(tmp_path, workers=2, detections=DetectorNoise())
    assert _hashes(tmp_path) == _hashes(out)


def test_a_video_does_not_depend_on_how_many_there_are(dataset, tmp_path):
    out, _ = dataset
    _write(tmp_path, num_videos=1)
    one, two = _hashes(tmp_path), _hashes(out)
    shared = [name for name in one if "100001" in name]
    assert len(shared) == 4
    assert all(one[name] == two[name] for name in shared)


def test_an_existing_split_is_refused_and_replaced_on_request(tmp_path):
    _write(tmp_path, num_videos=2, detections=DetectorNoise())
    before = _hashes(tmp_path)
    with pytest.raises(FileExistsError, match="already holds the split 'val'"):
        _write(tmp_path, num_videos=1)
    assert _hashes(tmp_path) == before
    _write(tmp_path, num_videos=1, split="train")
    _write(tmp_path, num_videos=1, overwrite=True)
    after = _hashes(tmp_path)
    assert not any("100002" in name or "detections" in name for name in after)
    assert any(name.startswith("images/train/000001") for name in after)


def test_a_call_that_fails_leaves_nothing(tmp_path, monkeypatch):
    calls = []

    def broken(folder, config, **values):
        calls.append(folder)
        if len(calls) == 2:
            raise OSError("disk full")
        return original(folder, config, **values)

    original = writer.write_video
    monkeypatch.setattr(writer, "write_video", broken)
    with pytest.raises(OSError, match="disk full"):
        _write(tmp_path)
    assert _hashes(tmp_path) == {}
    monkeypatch.undo()
    _write(tmp_path)


def test_a_left_over_of_a_killed_call_is_removed(tmp_path):
    stage, descriptor = claim_folder(tmp_path / ".val.partial")
    (stage / "images").mkdir()
    with pytest.raises(FileExistsError, match="another run is at work"):
        _write(tmp_path)
    os.close(descriptor)  # as when that run was killed
    _write(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["annotations", "images"]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"split": "dev"}, "unknown split"),
        ({"num_videos": 0}, "num_videos"),
        ({"workers": 0}, "workers"),
        ({"seed": -1}, "negative"),
    ],
)
def test_bad_arguments(tmp_path, changes, text):
    with pytest.raises(ValueError, match=text):
        _write(tmp_path, **changes)
    assert _hashes(tmp_path) == {}


def test_out_must_be_a_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="is a file"):
        _write(tmp_path / "file")


def test_detections_for_a_folder(dataset, tmp_path):
    out, summary = dataset
    target = tmp_path / "boxes.json"
    count = write_detections(out / "annotations" / "val", target, noise=DetectorNoise(), seed=3)
    assert count == summary.num_detections
    assert json.loads(target.read_text()) == json.loads(summary.detections.read_text())
    with pytest.raises(FileNotFoundError, match=r"no \*\.json"):
        write_detections(tmp_path / "nothing", target, noise=DetectorNoise())
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "x.json").write_text('{"images": 3')
    with pytest.raises(ValueError, match=r"x\.json is not a usable"):
        write_detections(tmp_path / "bad", target, noise=DetectorNoise())
    for file in (out / "annotations" / "val").iterdir():
        shutil.copy(file, tmp_path / "bad")
    (tmp_path / "bad" / "y.json").write_text('{"images": [], "annotations": []}')
    failed = FailedFiles()
    again = write_detections(
        tmp_path / "bad", target, noise=DetectorNoise(), seed=3, failed=failed
    )
    assert (again, len(failed)) == (count, 2)  # the others' boxes do not change
    assert "y.json lists no frames" in failed.lines("used")[-1]


def test_detections_for_real_annotations(real_data, tmp_path):
    folder = real_data / "posetrack18_sample" / "annotations" / "val"
    noise = DetectorNoise(jitter=0.0, miss=0.0, duplicate=0.0, false_positives=0.0)
    people = sum(
        len(json.loads(path.read_text())["annotations"]) for path in folder.glob("*.json")
    )
    assert people > 5
    assert write_detections(folder, tmp_path / "boxes.json", noise=noise) == people


def test_preview(dataset):
    out, _ = dataset
    grid = preview_grid(out, "val", rows=5, columns=3, tile_width=80)
    assert grid.shape == (2 * 60, 3 * 80, 3)
    assert not np.array_equal(grid[:, 80:160], grid[:, 160:])  # the last one has annotations
    with pytest.raises(FileNotFoundError, match="no annotations"):
        preview_grid(out, "train")
    with pytest.raises(ValueError, match="columns >= 2"):
        preview_grid(out, "val", columns=1)


def test_mmpose_reads_the_merged_file(dataset):
    out, summary = dataset
    dataset_class = pytest.importorskip("mmpose.datasets").PoseTrack18Dataset
    read = dataset_class(
        data_root=str(out), ann_file="annotations/posetrack18_val.json", pipeline=[]
    )
    entries = json.loads(summary.merged.read_text())["annotations"]
    assert len(read) == len(entries) == summary.num_poses
    item = read.get_data_info(0)
    assert item["id"] == entries[0]["id"]
    visible = np.array(entries[0]["keypoints"]).reshape(17, 3)
    np.testing.assert_allclose(item["keypoints"][0], visible[:, :2], atol=1e-4)


def test_the_project_reads_a_video(dataset):
    out, summary = dataset
    videos = load_videos(out / "annotations" / "val")
    assert [video.video_id for video in videos] == ["100001", "100002"]
    assert [len(video.frames) for video in videos] == [3, 3]
    people = sum(len(frame.people) for video in videos for frame in video.frames)
    assert people == summary.num_poses


def test_hidden_joints_in_the_files(dataset, tmp_path):
    plain, _ = dataset
    config = replace(CONFIG, annotate_hidden=True)
    done = _write(tmp_path / "set", config=config, detections=DetectorNoise(miss=0))
    same = _hashes(plain / "images")
    assert _hashes(tmp_path / "set/images") == same
    before = json.loads((plain / "annotations/posetrack18_val.json").read_text())["annotations"]
    after = json.loads(done.merged.read_text())["annotations"]
    assert [entry["id"] for entry in before] == [entry["id"] for entry in after]
    number = 0
    for old, new in zip(before, after, strict=True):
        hidden = np.array(new["keypoints_hidden"], bool)
        points = np.array(new["keypoints"]).reshape(17, 3)
        assert (points[hidden, 2] == 1).all()
        points[hidden] = 0  # what is left are the joints of the plain annotation
        assert points.ravel().tolist() == old["keypoints"]
        number += hidden.sum()
    assert number >= 5
    videos = load_videos(tmp_path / "set/annotations/val")
    people = [p for video in videos for frame in video.frames for p in frame.people]
    assert len(people) == len(after)
    assert sum(int(p.keypoints[:, 2].sum()) for p in people) == sum(
        entry["num_keypoints"] for entry in after
    )
    assert done.num_detections >= len(after) - 2  # some boxes lie outside the frame


def test_a_broken_mark_of_hidden_joints_names_file_and_field(tmp_path):
    done = _write(tmp_path / "set", config=replace(CONFIG, annotate_hidden=True), num_videos=1)
    path = done.annotations / "100001.json"
    content = json.loads(path.read_text())
    content["annotations"][0]["keypoints_hidden"] = [1, 0]
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"100001\.json.*'keypoints_hidden' must hold 17"):
        write_detections(done.annotations, tmp_path / "d.json", noise=DetectorNoise())
