"""Two people over three frames: 7 in frames 0 and 2, 3 in frame 2 only; frame 1 is empty."""

import csv
import json

import numpy as np
import pytest

from mmpose_temporal.datasets.exports import (
    FORMATS,
    VideoTracks,
    coco_results,
    export_tracks,
    load_skeletons,
    read_mot,
    read_posetrack,
    read_skeletons,
    skeleton_arrays,
    write_coco_results,
    write_csv,
    write_mot,
    write_skeletons,
)
from mmpose_temporal.evaluation import PredictedFrame, write_video_predictions
from mmpose_temporal.structures import FramePoses


def poses(track_ids, shift=0.0):
    """Person p: box (10 p, 20, 10 p + 5.1, 40), joint j at (j + shift + 100 p, 1 / 3 + j)."""
    count = len(track_ids)
    keypoints = np.zeros((count, 17, 2), np.float32)
    keypoints[..., 0] = np.arange(17) + shift + 100 * np.arange(count)[:, None]
    keypoints[..., 1] = np.arange(17) + 1 / 3
    scores = np.tile(np.linspace(0.1, 0.9, 17, dtype=np.float32), (count, 1))
    scores[:, 3:5] = 0  # ears are absent
    keypoints[:, 3:5] = 0
    left = 10 * np.arange(count)
    boxes = np.stack([left, left * 0 + 20, left + 5.1, left * 0 + 40], axis=1)
    return FramePoses.create(
        keypoints=keypoints,
        keypoint_scores=scores,
        boxes=boxes,
        box_scores=np.full(count, 0.7, np.float32),
        track_ids=np.array(track_ids, np.int64),
    )


def frame(index, people, size=(640, 480), first=50000):
    name = f"images/val/v5/{index:06d}.jpg"
    return PredictedFrame(first + index, 900 + index, name, size, people)


@pytest.fixture
def tracks():
    frames = [frame(0, poses([7])), frame(1, FramePoses.empty(17)), frame(2, poses([7, 3], 0.5))]
    return VideoTracks("v5", frames)


@pytest.fixture
def folder(tracks, tmp_path):
    write_video_predictions(tmp_path / "predictions", "v5", tracks.frames)
    return tmp_path / "predictions"


def assert_same(one, other, *, by_track=False):
    assert one.video_id == other.video_id
    for a, b in zip(one.frames, other.frames, strict=True):
        assert (a.image_id, a.frame_id, a.file_name, tuple(a.size)) == (
            b.image_id,
            b.frame_id,
            b.file_name,
            tuple(b.size),
        )
        p, q = a.poses, b.poses
        if by_track:
            p, q = p[np.argsort(p.track_ids)], q[np.argsort(q.track_ids)]
        for name in ("keypoints", "keypoint_scores", "box_scores", "track_ids"):
            np.testing.assert_array_equal(getattr(p, name), getattr(q, name))
        np.testing.assert_allclose(p.boxes, q.boxes, rtol=1e-6)


def test_posetrack_and_back(tracks, folder):
    assert_same(read_posetrack(folder / "v5.json"), tracks)


def test_ids_of_all_tracks(tracks):
    np.testing.assert_array_equal(tracks.track_ids, [3, 7])
    assert len(VideoTracks("v5", []).track_ids) == 0


@pytest.mark.parametrize(
    ("people", "message"),
    [
        (poses([1, -1]), "frame 0: a pose has no track id"),
        (poses([1, 1]), "frame 0: a track id stands twice"),
        (FramePoses.empty(15), "frame 0: 15 keypoints; exports take the 17"),
    ],
)
def test_poses_that_are_no_tracks(people, message):
    with pytest.raises(ValueError, match=message):
        VideoTracks("v5", [frame(0, people)])


def test_coco(tracks, tmp_path):
    results = coco_results(tracks)
    assert [(r["image_id"], r["track_id"]) for r in results] == [
        (50000, 7),
        (50002, 7),
        (50002, 3),
    ]
    first = results[0]
    assert first["category_id"] == 1
    assert first["keypoints"][:3] == [0.0, pytest.approx(1 / 3), pytest.approx(0.1)]
    assert first["keypoints"][9:15] == [0.0] * 6  # the ears
    # 0.1 to 0.9 in 16 steps of 0.05, without 0.25 and 0.3: (8.5 - 0.55) / 15; times 0.7.
    assert first["score"] == pytest.approx(0.7 * 7.95 / 15)
    nobody = poses([4])
    nobody = nobody.replace(keypoint_scores=np.zeros((1, 17), np.float32))
    assert coco_results(VideoTracks("v", [frame(0, nobody)])) == []
    with pytest.raises(ValueError, match="videos v5 and w share the image id 50000"):
        write_coco_results(tmp_path / "x.json", [tracks, VideoTracks("w", [frame(0, poses([1]))])])
    assert not (tmp_path / "x.json").exists()


def test_mot(tracks, tmp_path):
    assert write_mot(tmp_path / "v5.txt", tracks) == 3
    assert (tmp_path / "v5.txt").read_text().splitlines() == [
        "1,7,0,20,5.1,20,0.7,-1,-1,-1",
        "3,7,0,20,5.1,20,0.7,-1,-1,-1",
        # 15.1 - 10 in float32 is 5.1000004.
        "3,3,10,20,5.1000004,20,0.7,-1,-1,-1",
    ]
    frames = read_mot(tmp_path / "v5.txt")
    assert len(frames) == 3
    for (ids, boxes, scores), expected in zip(frames, tracks.frames, strict=True):
        np.testing.assert_array_equal(ids, expected.poses.track_ids)
        np.testing.assert_allclose(boxes, expected.poses.boxes, rtol=1e-6)
        np.testing.assert_array_equal(scores, expected.poses.box_scores)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2,3,4,5,6,x", "line 1: .* holds no numbers"),
        ("0,2,3,4,5,6,1", r"line 1: expected frame \(from 1\)"),
        ("1,2,3,4,5,6,1\n1,2,3", "line 2: expected"),
    ],
)
def test_broken_mot(tmp_path, text, message):
    (tmp_path / "x.txt").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_mot(tmp_path / "x.txt")


def test_csv(tracks, tmp_path):
    assert write_csv(tmp_path / "v5.csv", tracks) == 3 * 15
    with (tmp_path / "v5.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 45
    assert rows[0]["keypoint"] == "nose" and rows[3]["keypoint"] == "left_shoulder"
    assert rows[15]["video"] == "v5" and rows[15]["frame"] == "2"
    assert rows[15]["image_id"] == "50002" and rows[15]["track_id"] == "7"
    assert rows[15]["file_name"] == "images/val/v5/000002.jpg"
    present = poses([0]).keypoint_scores[0] > 0
    for start, person in ((15, tracks.frames[2].poses[:1]), (30, tracks.frames[2].poses[1:])):
        read = [[np.float32(r[c]) for c in ("x", "y", "score")] for r in rows[start : start + 15]]
        np.testing.assert_array_equal(np.array(read)[:, :2], person.keypoints[0, present])
        np.testing.assert_array_equal(np.array(read)[:, 2], person.keypoint_scores[0, present])
        box = [np.float32(rows[start][f"box_{c}"]) for c in ("x1", "y1", "x2", "y2")]
        np.testing.assert_array_equal(box, person.boxes[0])


def test_skeletons(tracks, tmp_path):
    assert write_skeletons(tmp_path / "v5.npz", tracks) == 2
    loaded = load_skeletons(tmp_path / "v5.npz")
    assert loaded["frame_dir"] == "v5" and loaded["total_frames"] == 3
    assert loaded["img_shape"] == loaded["original_shape"] == (480, 640)
    assert loaded["keypoint"].shape == (2, 3, 17, 2)  # tracks 3 and 7
    assert loaded["keypoint_score"].dtype == np.float32
    assert not loaded["keypoint_score"][0, :2].any() and not loaded["keypoint_score"][1, 1].any()
    np.testing.assert_array_equal(loaded["keypoint"][0, 2], tracks.frames[2].poses.keypoints[1])
    assert_same(read_skeletons(tmp_path / "v5.npz"), tracks, by_track=True)
    with np.load(tmp_path / "v5.npz", allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["present"], [[0, 0, 1], [1, 0, 1]])
        assert archive["keypoint_names"][2] == "head_top"


def test_skeletons_of_nobody(tmp_path):
    empty = VideoTracks("v", [frame(0, FramePoses.empty(17))])
    write_skeletons(tmp_path / "v.npz", empty)
    assert load_skeletons(tmp_path / "v.npz")["keypoint"].shape == (0, 1, 17, 2)
    assert_same(read_skeletons(tmp_path / "v.npz"), empty)


def test_skeletons_need_a_size(tmp_path):
    for frames in (
        [frame(0, poses([1]), size=(0, 0))],
        [frame(0, poses([1])), frame(1, poses([1]), size=(9, 9))],
        [],
    ):
        with pytest.raises(ValueError, match="need one size of all frames"):
            skeleton_arrays(VideoTracks("v", frames))


def test_archives_that_are_something_else(tracks, tmp_path):
    path = tmp_path / "x.npz"
    write_skeletons(path, tracks)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match="is no skeleton archive"):
        load_skeletons(path)
    np.savez(path, a=1)
    with pytest.raises(ValueError, match="it lacks frame_dir"):
        load_skeletons(path)
    np.savez(path, keypoint=np.array([{}], object))  # a pickle inside
    with pytest.raises(ValueError, match="is no skeleton archive"):
        load_skeletons(path)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        load_skeletons(tmp_path / "y.npz")


@pytest.mark.parametrize("format", FORMATS)
def test_export_of_a_folder(format, folder, tmp_path):
    out = tmp_path / "out.json" if format == "coco" else tmp_path / "out"
    if format == "posetrack17":  # 18 -> 17 is tested with the converters
        report = export_tracks(folder, out, format=format)
        assert len(json.loads((out / "v5.json").read_text())["annolist"]) == 3
    else:
        report = export_tracks(folder, out, format=format)
        assert len(report.notes) == 1  # what is lost
    assert {k: report.converted[k] for k in ("videos", "frames", "people")} == {
        "videos": 1,
        "frames": 3,
        "people": 3,
    }
    with pytest.raises(FileExistsError, match="pass --overwrite"):
        export_tracks(folder, out, format=format)
    export_tracks(folder, out, format=format, overwrite=True)


def test_export_of_broken_input(folder, tmp_path):
    with pytest.raises(ValueError, match="format must be one of coco, mot"):
        export_tracks(folder, tmp_path / "out", format="xml")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="no file"):
        export_tracks(tmp_path / "empty", tmp_path / "out", format="mot")
    (folder / "w.json").write_text('{"images": [')
    with pytest.raises(ValueError, match=r"w\.json is not valid JSON"):
        export_tracks(folder, tmp_path / "out", format="mot")
    assert not (tmp_path / "out").exists() and not list(tmp_path.glob(".*"))
    with pytest.raises(FileNotFoundError, match="does not exist"):
        read_posetrack(tmp_path / "nowhere.json")


def test_real_tracks(real_data, tmp_path):
    source = real_data / "multiperson_posetrack" / "annotations" / "val" / "060470979.json"
    tracks = read_posetrack(source)
    write_skeletons(tmp_path / "a.npz", tracks)
    assert_same(read_skeletons(tmp_path / "a.npz"), tracks, by_track=True)
    assert write_mot(tmp_path / "a.txt", tracks) == sum(len(f.poses) for f in tracks.frames)
