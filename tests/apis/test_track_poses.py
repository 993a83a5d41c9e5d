"""Ids for poses in files."""

import json
import os
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmpose_temporal.apis import build_pose_only_tracker, track_pose_files
from mmpose_temporal.datasets import load_videos
from mmpose_temporal.models import PoseEntailment
from mmpose_temporal.testing import (
    PAIR,
    mmpose_frame,
    mmpose_instance,
    tiny_tracker_config,
    two_people_file,
    write_tiny_posetrack,
    write_video_files,
)
from mmpose_temporal.utils.checkpoints import CheckpointMismatch
from mmpose_temporal.utils.training_mark import mark_as_trained

CONFIGS = ("configs/baselines/oks-tracker.py", "configs/baselines/iou-tracker.py")


def poses_without_ids(root: Path, change=lambda people: people) -> Path:
    """Two people in v1 (5 frames) and v2 (3 frames), as predictions without ids."""
    write_tiny_posetrack(root / "data")
    folder = root / "poses"
    folder.mkdir()
    for file in (root / "data" / "annotations" / "val").glob("*.json"):
        content = json.loads(file.read_text())
        for person in content["annotations"]:
            del person["track_id"]
            person["scores"] = [0.9] * 17
        content["annotations"] = change(content["annotations"])
        (folder / file.name).write_text(json.dumps(content))
    return folder


@pytest.mark.parametrize("config", CONFIGS)
def test_people_keep_their_ids(tmp_path: Path, project_root: Path, config: str) -> None:
    tracker = build_pose_only_tracker(project_root / config)
    report = track_pose_files(
        tracker, poses_without_ids(tmp_path), tmp_path / "out", progress=False
    )
    assert (report.videos, report.frames, report.poses, report.tracked) == (2, 8, 16, 16)
    assert report.tracks == 4  # two people in each of two videos
    truth = load_videos(tmp_path / "data" / "annotations" / "val")
    tracked = load_videos(tmp_path / "out")
    assert [v.video_id for v in tracked] == [v.video_id for v in truth]
    for video, answer in zip(truth, tracked, strict=True):
        same = {
            (person.track_id, found.track_id)
            for frame, reply in zip(video.frames, answer.frames, strict=True)
            for person, found in zip(frame.people, reply.people, strict=True)
        }
        assert len(same) == 2  # each true id goes with one id only


def test_every_pose_comes_out_or_is_counted(tmp_path: Path, project_root: Path) -> None:
    def spoil(people: list[dict]) -> list[dict]:
        first = people[0]
        twin = dict(first, id=999, scores=[0.5] * 17)  # the same person, found twice
        blank = dict(first, id=998, keypoints=[0.0] * 51)  # a pose without a joint
        return [*people, twin, blank]

    tracker = build_pose_only_tracker(project_root / CONFIGS[0])
    folder = poses_without_ids(tmp_path, spoil)
    report = track_pose_files(tracker, folder, tmp_path / "out", progress=False)
    assert report.poses == 16 + 2 * 2
    assert report.tracked == 16
    assert report.dropped == {"suppression": 2, "no_keypoints": 2}
    assert "left out, suppression: 2" in str(report)


def test_frames_without_size_stay_without(tmp_path: Path, project_root: Path) -> None:
    folder = poses_without_ids(tmp_path)
    content = json.loads((folder / "v1.json").read_text())
    for image in content["images"]:  # as in the official files
        del image["width"], image["height"]
    (folder / "v1.json").write_text(json.dumps(content))
    tracker = build_pose_only_tracker(project_root / CONFIGS[0])
    track_pose_files(tracker, folder, tmp_path / "out", progress=False)
    without, with_size = (
        json.loads((tmp_path / "out" / f"{name}.json").read_text())["images"]
        for name in ("v1", "v2")
    )
    assert not any({"width", "height"} & image.keys() for image in without)
    assert [(image["width"], image["height"]) for image in with_size] == [(64, 48)] * 3


def test_ids_of_the_input_are_not_looked_at(tmp_path: Path, project_root: Path) -> None:
    write_tiny_posetrack(tmp_path / "data")
    tracker = build_pose_only_tracker(project_root / CONFIGS[0])
    report = track_pose_files(
        tracker, tmp_path / "data" / "annotations" / "val", tmp_path / "out", progress=False
    )
    assert report.tracked == 16


def test_config_that_needs_images_is_refused() -> None:
    with pytest.raises(ValueError, match="PoseOnlyTracker"):
        build_pose_only_tracker(Config(dict(model=tiny_tracker_config())))


ENTAILMENT = "configs/keytrack/posetrack18/keytrack_tx4-128_1xb32-25e_posetrack18-24x18.py"


def test_random_weights_of_merging_are_refused(project_root: Path) -> None:
    config = Config.fromfile(project_root / "configs/baselines/oks-tracker-merging.py")
    config.model.merging.similarity.checkpoint = None
    with pytest.raises(ValueError, match=r"TrackEntailment has random .*merging\.similarity"):
        build_pose_only_tracker(config)


def test_random_weights_are_refused(tmp_path: Path, project_root: Path) -> None:
    config = Config.fromfile(project_root / ENTAILMENT)
    with pytest.raises(ValueError, match="PoseEntailment has random weights: give --checkpoint"):
        build_pose_only_tracker(config)
    torch.manual_seed(0)
    similarity = PoseEntailment()
    mark_as_trained(similarity)
    file = str(tmp_path / "similarity.pth")
    torch.save(similarity.state_dict(), file)
    config.model.association.similarity.checkpoint = file
    found = build_pose_only_tracker(config)
    torch.save(dict(state_dict=found.state_dict()), tmp_path / "tracker.pth")
    del config.model.association.similarity["checkpoint"]
    again = build_pose_only_tracker(config, str(tmp_path / "tracker.pth"))
    for tracker in (found, again):
        weight = tracker.association.similarity.network.classifier.weight
        assert torch.equal(weight, similarity.network.classifier.weight)


def test_a_file_that_is_no_checkpoint(tmp_path: Path, project_root: Path) -> None:
    (tmp_path / "poses.pth").write_text("{}")
    with pytest.raises(ValueError, match=r"poses\.pth is no checkpoint"):
        build_pose_only_tracker(project_root / ENTAILMENT, str(tmp_path / "poses.pth"))


def test_input_is_not_overwritten(tmp_path: Path, project_root: Path) -> None:
    folder = poses_without_ids(tmp_path)
    tracker = build_pose_only_tracker(project_root / CONFIGS[0])
    with pytest.raises(ValueError, match="overwrite"):
        track_pose_files(tracker, folder, folder, progress=False)


def merged_file(path: Path, folders: list[str]) -> Path:
    """A file with three frames; frame t lies in the t-th folder."""
    content = two_people_file("v", predicted=True)
    for image, folder in zip(content["images"], folders, strict=True):
        del image["vid_id"]
        image["file_name"] = f"{folder}/{image['file_name'].rpartition('/')[2]}"
    path.write_text(json.dumps(content))
    return path


def test_videos_of_one_name_in_a_merged_file(tmp_path: Path, project_root: Path) -> None:
    file = merged_file(tmp_path / "all.json", ["train/v", "val/v", "train/v"])
    tracker = build_pose_only_tracker(project_root / CONFIGS[0])
    report = track_pose_files(tracker, file, tmp_path / "out", progress=False)
    assert (report.videos, report.tracks) == (2, 4)  # two people in each, with ids of their own
    assert sorted(os.listdir(tmp_path / "out")) == ["train_v.json", "val_v.json"]


@pytest.mark.parametrize("link", [None, "soft", "hard"])
def test_an_input_is_not_replaced(tmp_path: Path, project_root: Path, link: str | None) -> None:
    file = merged_file(tmp_path / "v.json", ["a/u", "a/v", "a/v"])
    before, out = file.read_bytes(), tmp_path
    if link is not None:
        out = tmp_path / "out"
        out.mkdir()
        (os.symlink if link == "soft" else os.link)(file, out / "v.json")
    tracker = build_pose_only_tracker(project_root / CONFIGS[0])
    with pytest.raises(ValueError, match=r"v\.json is an input"):
        track_pose_files(tracker, file, out, progress=False)
    assert file.read_bytes() == before
    assert sorted(os.listdir(out)) == ["v.json"]  # u.json was not written either


def test_two_videos_of_one_file(tmp_path: Path, project_root: Path) -> None:
    file = merged_file(tmp_path / "all.json", ["a/V", "a/v", "a/w"])
    tracker = build_pose_only_tracker(project_root / CONFIGS[0])
    with pytest.raises(ValueError, match="V and v, which differ in capitals only"):
        track_pose_files(tracker, file, tmp_path / "out", progress=False)
    (tmp_path / "out" / "w.json").mkdir(parents=True)
    file = merged_file(tmp_path / "all.json", ["a/u", "a/v", "a/w"])
    with pytest.raises(ValueError, match=r"w\.json is a folder"):
        track_pose_files(tracker, file, tmp_path / "out", progress=False)
    assert os.listdir(tmp_path / "out") == ["w.json"]
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="is a file; name a folder"):
        track_pose_files(tracker, file, tmp_path / "file", progress=False)


def test_own_output_beside_the_poses_is_no_video(tmp_path: Path, project_root: Path) -> None:
    folder = poses_without_ids(tmp_path)
    names = sorted(path.name for path in folder.iterdir())
    (folder / "figures.json").write_text('{"AP": 70.5}')
    (folder / "boxes.json").write_text('[{"image_id": 1, "bbox": [0, 0, 1, 1]}]')
    (folder / ".v1.json.tmp").write_text("{")
    tracker = build_pose_only_tracker(project_root / CONFIGS[0])
    track_pose_files(tracker, folder, tmp_path / "out", progress=False)
    assert sorted(os.listdir(tmp_path / "out")) == names


def test_truncated_file_is_named(tmp_path: Path, project_root: Path) -> None:
    folder = poses_without_ids(tmp_path)
    file = folder / "v2.json"
    file.write_text(file.read_text()[:100])
    tracker = build_pose_only_tracker(project_root / CONFIGS[0])
    (folder / "v3.json").write_text('{"images": [], "annotations": []}')
    (folder / "v0.json").symlink_to(tmp_path / "nowhere")
    report = track_pose_files(tracker, folder, tmp_path / "out", progress=False)
    assert (report.videos, len(report.failed)) == (1, 3)
    lines = str(report).splitlines()
    assert "v0.json does not exist (it is a link that leads nowhere)" in lines[-3]
    assert "v2.json is not valid JSON" in lines[-2] and "v3.json lists no frames" in lines[-1]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["v1.json"]
    with pytest.raises(ValueError, match=r"v2\.json is not valid JSON"):
        track_pose_files(tracker, file, tmp_path / "out", progress=False)


FLOW = "configs/keytrack/baselines/flow-tracker.py"


def test_a_tracker_that_looks_at_the_frames(tmp_path: Path, project_root: Path) -> None:
    folder = poses_without_ids(tmp_path)
    report = track_pose_files(
        build_pose_only_tracker(project_root / FLOW),
        folder,
        tmp_path / "out",
        images=tmp_path / "data",
        progress=False,
    )
    assert (report.poses, report.tracked, report.tracks) == (16, 16, 4)


def test_frames_that_are_not_there(tmp_path: Path, project_root: Path) -> None:
    folder = poses_without_ids(tmp_path)
    tracker = build_pose_only_tracker(project_root / FLOW)
    with pytest.raises(ValueError, match="FlowSimilarity needs the frames"):
        track_pose_files(tracker, folder, tmp_path / "out", progress=False)
    tracker.reset()
    with pytest.raises(ValueError, match=r"video v1, frame 0: cannot use .*elsewhere"):
        track_pose_files(
            tracker, folder, tmp_path / "out", images=tmp_path / "elsewhere", progress=False
        )


def test_a_run_can_be_repeated_and_replaces_nothing_else(
    tmp_path: Path, project_root: Path
) -> None:
    """As after an interruption: what is there and the same stays, what is missing is made."""
    tracker = build_pose_only_tracker(project_root / CONFIGS[0])
    folder, out = poses_without_ids(tmp_path), tmp_path / "out"
    track_pose_files(tracker, folder, out, progress=False)
    first = {path.name: path.read_bytes() for path in out.iterdir()}
    assert sorted(first) == ["v1.json", "v2.json"]
    (out / "v2.json").unlink()
    track_pose_files(tracker, folder, out, progress=False)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == first
    (out / "v1.json").write_text("mine")
    with pytest.raises(FileExistsError, match=r"v1\.json exists with other content"):
        track_pose_files(tracker, folder, out, progress=False)
    assert (out / "v1.json").read_text() == "mine"
    track_pose_files(tracker, folder, out, overwrite=True, progress=False)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == first


def test_gaps_and_times(tmp_path: Path) -> None:
    """One person who stands still: frames 1, 2, 4, then 9 and 40; 10 frames a second."""
    numbers = [1, 2, 4, 9, 40]
    document = two_people_file("v", predicted=True, frames=5)
    people = document["annotations"]
    first = {person["image_id"]: person for person in people if person["track_id"] == 0}
    for image, number in zip(document["images"], numbers, strict=True):
        image["file_name"] = f"images/v/{number:06d}.jpg"
        first[image["id"]]["keypoints"] = people[0]["keypoints"]
    document["annotations"] = list(first.values())
    write_video_files(tmp_path / "in", {"v": document})

    def tracked(out: str, fps: float | None = None, **life) -> tuple[list[int], list]:
        tracker = build_pose_only_tracker(oks_config(**life))
        track_pose_files(tracker, tmp_path / "in", tmp_path / out, fps=fps, progress=False)
        written = json.loads((tmp_path / out / "v.json").read_text())
        times = [image.get("time") for image in written["images"]]
        return [person["track_id"] for person in written["annotations"]], times

    assert tracked("frames", max_age=8) == ([0, 0, 0, 0, 1], [None] * 5)
    seconds = tracked("seconds", fps=10, max_age_seconds=0.25)
    assert seconds[0] == [0, 0, 0, 1, 2]
    assert seconds[1] == pytest.approx([0, 0.1, 0.3, 0.8, 3.9])
    no_time = r"in/v\.json: video v: .*frame 0 has no time: give samples 'time' or 'fps'"
    with pytest.raises(ValueError, match=no_time):
        tracked("none", max_age_seconds=0.25)
    with pytest.raises(ValueError, match="^fps must be a number"):  # said of no file
        tracked("none", fps=0)
    # The times are those of the file when it is tracked again.
    (tmp_path / "seconds" / "v.json").rename(tmp_path / "in" / "v.json")
    assert tracked("again", max_age_seconds=0.25)[0] == [0, 0, 0, 1, 2]


def oks_config(**life) -> Config:
    association = dict(
        type="Association", similarity=dict(type="OKSSimilarity"), life=dict(**life)
    )
    return Config(dict(model=dict(type="PoseOnlyTracker", association=association)))


# ------------------------------------------------------------------ mmpose's own predictions


def test_a_file_of_mmpose_comes_back_with_ids(tmp_path: Path, project_root: Path) -> None:
    """See tests/data/mmpose_predictions: A walks from x = 100, B from 200; frame 4 is missing."""
    source = project_root / "tests" / "data" / "mmpose_predictions" / "results_walk.json"
    tracker = build_pose_only_tracker(project_root / CONFIGS[0])
    report = track_pose_files(tracker, source, tmp_path, progress=False)
    assert (report.videos, report.frames, report.poses, report.tracked) == (1, 4, 5, 5)
    assert report.tracks == 2
    before, after = (
        json.loads(path.read_text()) for path in (source, tmp_path / "results_walk.json")
    )
    assert list(after) == ["meta_info", "instance_info"]
    assert after["meta_info"] == before["meta_info"]
    ids = [[p.pop("track_id") for p in row["instances"]] for row in after["instance_info"]]
    a, b = ids[0]
    assert a != b and ids == [[a, b], [], [b, a], [b]]
    assert json.dumps(after) == json.dumps(before)  # as text: there is a NaN


def test_people_of_mmpose_who_are_left_out_are_counted(tmp_path: Path, project_root: Path) -> None:
    twin = mmpose_instance(1, bbox_score=0.5)
    nowhere = mmpose_instance(50, keypoints=[[float("nan"), 0]] * 2)
    frames = [mmpose_frame(t, twin, mmpose_instance(0), nowhere) for t in range(3)]
    (tmp_path / "v.json").write_text(json.dumps(frames))
    report = track_pose_files(
        build_pose_only_tracker(project_root / CONFIGS[0]),
        tmp_path / "v.json",
        tmp_path / "out",
        skeleton=PAIR,
        progress=False,
    )
    assert (report.poses, report.tracked, report.tracks) == (9, 3, 1)
    assert report.dropped == {"suppression": 3, "no_keypoints": 3}
    written = json.loads((tmp_path / "out" / "v.json").read_text())
    expected = [mmpose_frame(t, dict(mmpose_instance(0), track_id=0)) for t in range(3)]
    assert written == expected


def test_tracks_of_mmpose_that_are_reported_late(tmp_path: Path, project_root: Path) -> None:
    """With min_length=3 a track of two poses is left out, in files of single images."""
    (tmp_path / "walk").mkdir()
    for t in range(4):
        people = [mmpose_instance(t)] + [mmpose_instance(300 + t)] * (t < 2)
        (tmp_path / "walk" / f"{t:06}.json").write_text(json.dumps(people))
    config = Config.fromfile(project_root / CONFIGS[0])
    config.model.min_length = 3
    tracker = build_pose_only_tracker(config)
    track_pose_files(tracker, tmp_path / "walk", tmp_path / "out", skeleton=PAIR, progress=False)
    written = [json.loads(path.read_text()) for path in sorted((tmp_path / "out").iterdir())]
    assert written == [[dict(mmpose_instance(t), track_id=0)] for t in range(4)]


def test_what_files_of_mmpose_do_not_have(tmp_path: Path, project_root: Path) -> None:
    file = tmp_path / "v.json"
    file.write_text(json.dumps([mmpose_frame(0, mmpose_instance())]))
    tracker = build_pose_only_tracker(project_root / CONFIGS[0])
    for options, error in (
        (dict(), r"v\.json does not name its keypoints \(2 per person\)"),
        (dict(skeleton=PAIR, images=tmp_path), "mmpose's predictions name no images"),
    ):
        with pytest.raises(ValueError, match=error):
            track_pose_files(tracker, file, tmp_path / "out", progress=False, **options)
    assert not (tmp_path / "out").exists()
    with pytest.raises(ValueError, match="is an input.* and would be replaced"):
        track_pose_files(tracker, file, tmp_path, skeleton=PAIR, progress=False)


@pytest.mark.parametrize("broken", ["[{", "", "{", "<html>", None])
def test_a_broken_file_of_mmpose_is_left_out(
    tmp_path: Path, project_root: Path, broken: str | None
) -> None:
    """The first file says nothing of the layout of the others; None: a link that leads nowhere."""
    (tmp_path / "in").mkdir()
    if broken is None:
        (tmp_path / "in" / "a.json").symlink_to(tmp_path / "nowhere")
    else:
        (tmp_path / "in" / "a.json").write_text(broken)
    (tmp_path / "in" / "b.json").write_text(json.dumps([mmpose_frame(0, mmpose_instance())]))
    tracker = build_pose_only_tracker(project_root / CONFIGS[0])
    options = dict(skeleton=PAIR, progress=False, overwrite=False)
    report = track_pose_files(tracker, tmp_path / "in", tmp_path / "out", **options)
    assert (report.videos, report.tracked, len(report.failed)) == (1, 1, 1)
    wanted = "a.json is not valid JSON" if broken is not None else "a.json: No such file"
    assert wanted in str(report)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.json"]
    # the same again replaces nothing, something else needs to be told
    track_pose_files(tracker, tmp_path / "in", tmp_path / "out", **options)
    (tmp_path / "out" / "b.json").write_text("[]")
    with pytest.raises(FileExistsError, match="exists with other content; pass --overwrite"):
        track_pose_files(tracker, tmp_path / "in", tmp_path / "out", **options)


def test_a_checkpoint_of_the_similarity_alone_is_told_apart(
    tmp_path: Path, project_root: Path
) -> None:
    weights = project_root / "mmpose_temporal/weights/track_entailment.pth"
    config = Config.fromfile(project_root / "configs/keytrack/keytrack-tracker.py")
    with pytest.raises(CheckpointMismatch, match=r"of the similarity alone \(TrackEntailment\)"):
        build_pose_only_tracker(config, str(weights))
    other = tmp_path / "other.pth"
    torch.save({"weight": torch.zeros(1)}, other)
    with pytest.raises(CheckpointMismatch) as error:
        build_pose_only_tracker(config, str(other))
    assert "similarity alone" not in str(error.value)
