import json
import re
from pathlib import Path

import pytest

from mmpose_temporal.apis import build_pose_only_tracker, track_pose_files
from mmpose_temporal.datasets import load_videos
from mmpose_temporal.datasets.converters.simulated_poses import simulate_pose_files
from mmpose_temporal.datasets.tracklets import ErrorRates
from mmpose_temporal.evaluation import evaluate_files
from mmpose_temporal.testing import write_tiny_posetrack


@pytest.fixture
def annotations(tmp_path: Path) -> Path:
    return write_tiny_posetrack(tmp_path / "data", videos={"v1": 7, "v2": 4}) / "annotations/val"


def test_the_same_frames_with_and_without_errors(tmp_path, annotations):
    report = simulate_pose_files(annotations, tmp_path / "out", frame_step=3)
    assert (report.videos, report.frames, report.annotated) == (2, 3 + 2, 10)
    poses, truth, everything = (
        load_videos(folder)
        for folder in (tmp_path / "out" / "poses", tmp_path / "out" / "truth", annotations)
    )
    for found, right, whole in zip(poses, truth, everything, strict=True):
        assert found.video_id == right.video_id == whole.video_id
        ids = [frame.image_id for frame in right.frames]
        assert ids == [frame.image_id for frame in whole.frames][::3]
        assert ids == [frame.image_id for frame in found.frames]
        assert [len(f.people) for f in right.frames] == [2] * len(ids)
    assert report.poses == sum(len(f.people) for v in poses for f in v.frames)
    assert str(report).startswith(f"{report.poses} poses for 10 annotated people in 5 frames of 2")
    assert sorted(file.name for file in report.files) == ["v1.json", "v2.json"]


def test_it_repeats_by_seed(tmp_path, annotations):
    texts = []
    for run, seed in enumerate((0, 0, 1)):
        (first, *_) = simulate_pose_files(annotations, tmp_path / str(run), seed=seed).files
        texts.append(first.read_text())
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.parametrize("config", ["keytrack/keytrack-tracker", "baselines/oks-tracker"])
def test_perfect_poses_are_tracked_perfectly(tmp_path, project_root, annotations, config):
    out = tmp_path / "out"
    report = simulate_pose_files(annotations, out, rates=ErrorRates.none())
    assert report.poses == report.annotated == 22
    tracker = build_pose_only_tracker(project_root / f"configs/{config}.py")
    tracked = track_pose_files(tracker, out / "poses", tmp_path / "tracks", progress=False)
    assert (tracked.tracked, tracked.tracks) == (22, 4)
    figures = evaluate_files(out / "truth", tmp_path / "tracks").total
    assert figures.totals["MOTA"] == pytest.approx(100)
    assert figures.idsw == 0


def test_ids_in_the_poses_are_in_no_order_of_the_people(tmp_path, annotations):
    simulate_pose_files(annotations, tmp_path, rates=ErrorRates.none())
    poses, truth = (load_videos(tmp_path / name)[0] for name in ("poses", "truth"))
    same = [
        found.people[0].keypoints[5, 0] == pytest.approx(right.people[0].keypoints[5, 0], abs=0.01)
        for found, right in zip(poses.frames, truth.frames, strict=True)
    ]
    assert 0 < sum(same) < len(same)
    assert all([p.track_id for p in frame.people] == [0, 1] for frame in poses.frames)


def test_frames_without_people_and_sizes(tmp_path, annotations):
    file = annotations / "v1.json"
    content = json.loads(file.read_text())
    blank = content["images"][2]["id"]
    content["annotations"] = [a for a in content["annotations"] if a["image_id"] != blank]
    for image in content["images"]:
        del image["width"], image["height"]
    file.write_text(json.dumps(content))
    report = simulate_pose_files(annotations, tmp_path, rates=ErrorRates.none())
    assert (report.frames, report.poses) == (11, 20)
    images = json.loads((tmp_path / "poses" / "v1.json").read_text())["images"]
    assert len(images) == 7 and not any("width" in image for image in images)


def test_a_frame_without_labels(tmp_path, annotations):
    file = annotations / "v2.json"
    content = json.loads(file.read_text())
    content["images"][1]["is_labeled"] = False
    file.write_text(json.dumps(content))
    report = simulate_pose_files(annotations, tmp_path / "out")
    assert report.videos == 1
    assert re.search(r"v2\.json: 1 frames have no labels, images/val/v2/", str(report))
    for folder in ("poses", "truth"):
        assert [path.name for path in (tmp_path / "out" / folder).iterdir()] == ["v1.json"]
    report = simulate_pose_files(annotations, tmp_path / "other", frame_step=2)  # not frame 1
    assert report.frames == 4 + 2


@pytest.mark.parametrize(("option", "value"), [("frame_step", 0), ("seed", -1)])
def test_options_out_of_range(tmp_path, annotations, option, value):
    with pytest.raises(ValueError, match="frame_step must be 1 or more and seed 0 or more"):
        simulate_pose_files(annotations, tmp_path / "out", **{option: value})


def test_folders_that_are_wrong(tmp_path, annotations):
    with pytest.raises(FileNotFoundError, match="is no folder"):
        simulate_pose_files(annotations / "v1.json", tmp_path / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="no annotation file"):
        simulate_pose_files(tmp_path / "empty", tmp_path / "out")
    simulate_pose_files(annotations, tmp_path / "out")
    with pytest.raises(ValueError, match="would be overwritten"):
        simulate_pose_files(tmp_path / "out" / "truth", tmp_path / "out", frame_step=2)


def test_a_run_can_be_repeated_and_replaces_nothing_else(tmp_path):
    root = write_tiny_posetrack(tmp_path / "data")
    annotations, out = root / "annotations" / "val", tmp_path / "out"
    simulate_pose_files(annotations, out)
    first = {path: path.read_bytes() for path in out.rglob("*.json")}
    assert len(first) == 4
    simulate_pose_files(annotations, out)  # the same seed
    with pytest.raises(FileExistsError, match="exists with other content"):
        simulate_pose_files(annotations, out, seed=1)
    assert {path: path.read_bytes() for path in out.rglob("*.json")} == first
    simulate_pose_files(annotations, out, seed=1, overwrite=True)
    assert {path: path.read_bytes() for path in out.rglob("*.json")} != first
