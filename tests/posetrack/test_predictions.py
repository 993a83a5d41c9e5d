"""Prediction files."""

import json
from dataclasses import replace

import numpy as np
import pytest

from mmpose_temporal.posetrack import (
    PredictedFrame,
    prediction_path,
    read_video,
    write_video_predictions,
)
from mmpose_temporal.structures import KEYPOINT_NAMES, People


def _frame(index=0, people=2, size=(640, 480), **changes):
    rng = np.random.default_rng(index)
    poses = People(
        keypoints=rng.uniform(0, 500, (people, 17, 2)).astype(np.float32),
        keypoint_scores=rng.uniform(0.1, 1, (people, 17)).astype(np.float32),
        boxes=np.tile(np.array([[10, 20, 40, 60]], np.float32), (people, 1)),
        box_scores=np.full(people, 0.5, np.float32),
        track_ids=np.arange(people) + 3,
    )
    return PredictedFrame(
        image_id=20000 + index,
        frame_id=index,
        file_name=f"images/val/000002/{index:06d}.jpg",
        size=size,
        poses=poses.replace(**changes),
    )


def test_what_is_written_is_what_was_given(tmp_path):
    frames = [_frame(0), _frame(1, people=0), _frame(2, people=1)]
    frames[0].poses.keypoint_scores[1, 4] = 0
    path = write_video_predictions(tmp_path / "new", "000002", frames)
    assert path == tmp_path / "new" / "000002.json"
    document = json.loads(path.read_text())
    assert [image["id"] for image in document["images"]] == [20000, 20001, 20002]
    assert document["images"][1] == {
        "id": 20001,
        "frame_id": 1,
        "vid_id": "000002",
        "file_name": "images/val/000002/000001.jpg",
        "nframes": 3,
        "is_labeled": True,
        "has_no_densepose": True,
        "width": 640,
        "height": 480,
    }
    assert document["categories"][0]["keypoints"] == list(KEYPOINT_NAMES)
    people = document["annotations"]
    assert [person["image_id"] for person in people] == [20000, 20000, 20002]
    assert [person["track_id"] for person in people] == [3, 4, 3]
    assert len({person["id"] for person in people}) == 3
    assert people[0]["bbox"] == [10, 20, 30, 40]
    assert people[0]["category_id"] == 1
    points = np.array(people[1]["keypoints"]).reshape(17, 3)
    scores = np.array(people[1]["scores"])
    assert points[4].tolist() == [0, 0, 0]
    assert scores[4] == 0
    present = np.arange(17) != 4
    np.testing.assert_array_equal(points[present, :2], frames[0].poses.keypoints[1, present])
    np.testing.assert_array_equal(scores[present], frames[0].poses.keypoint_scores[1, present])
    assert (points[present, 2] == 1).all()


@pytest.mark.parametrize("size", [None, (0, 0), (640, 0), (-1, 480)])
def test_frames_of_unknown_size(tmp_path, size):
    unknown = _frame(1, size=size)
    assert unknown.size is None
    path = write_video_predictions(tmp_path, "v", [_frame(0), unknown])
    known, image = json.loads(path.read_text())["images"]
    assert (known["width"], known["height"]) == (640, 480)
    assert set(known) - set(image) == {"width", "height"}
    assert [frame.size for frame in read_video(path).frames] == [(640, 480), None]


def test_absent_joints_may_be_nan(tmp_path):
    frame = _frame()
    frame.poses.keypoint_scores[0, 2] = -1
    frame.poses.keypoints[0, 2] = np.nan
    document = json.loads(write_video_predictions(tmp_path, "v", [frame]).read_text())
    assert document["annotations"][0]["keypoints"][6:9] == [0, 0, 0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(track_ids=np.array([5, 5])), "frame 1: track id 5 is repeated"),
        (dict(track_ids=np.array([-1, 5])), "frame 1: track id -1 is negative"),
        (
            dict(keypoints=np.full((2, 17, 2), np.nan, np.float32)),
            "frame 1: keypoints of the pred",
        ),
        (
            dict(keypoint_scores=np.full((2, 17), np.nan, np.float32)),
            "frame 1: keypoint_scores of",
        ),
        (dict(boxes=np.full((2, 4), np.inf, np.float32)), "frame 1: boxes of the predictions"),
        (
            dict(
                keypoints=np.zeros((2, 15, 2), np.float32),
                keypoint_scores=np.ones((2, 15), np.float32),
            ),
            "frame 1: predictions have 15 keypoints",
        ),
    ],
)
def test_errors_leave_no_file(tmp_path, changes, message):
    with pytest.raises(ValueError, match=f"video 'v', {message}"):
        write_video_predictions(tmp_path, "v", [_frame(0), _frame(1, **changes)])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "video_id", ["", ".", "..", "a/b", "a\\b", "/etc/x", "a\0b", "a\nb", ".a", "v.partial"]
)
def test_video_ids_must_be_file_names(tmp_path, video_id):
    with pytest.raises(ValueError, match="cannot name a file"):
        prediction_path(tmp_path, video_id)


@pytest.mark.parametrize("image_id", [2**63 - 1, -(2**63), 1_760_000_000_000_000_000])
def test_what_is_written_is_read_for_every_image_id(tmp_path, image_id):
    frame = replace(_frame(0), image_id=image_id, frame_id=image_id)
    video = read_video(write_video_predictions(tmp_path, "v", [frame]))
    assert [f.image_id for f in video.frames] == [image_id]
    # image id x 1000 has more than 64 bits, so the people are numbered from 1
    assert [p.annotation_id for p in video.frames[0].people] == [1, 2]
    assert [p.track_id for p in video.frames[0].people] == [3, 4]


def test_what_is_written_is_read_for_any_number_of_people_and_corners(tmp_path):
    boxes = np.tile(np.array([[40, 20, 10, 60]], np.float32), (1001, 1))
    video = read_video(
        write_video_predictions(
            tmp_path, "v", [_frame(0, people=1001, boxes=boxes), _frame(1, people=1)]
        )
    )
    assert [len(frame.people) for frame in video.frames] == [1001, 1]
    # person 1000 of image 20000 would have the id of person 0 of image 20001
    assert [p.annotation_id for f in video.frames for p in f.people] == [*range(1, 1003)]
    assert video.frames[0].people[0].box.tolist() == [10, 20, 40, 60]
