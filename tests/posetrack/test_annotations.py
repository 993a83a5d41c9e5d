"""Annotated people as poses."""

import json

import pytest

from mmpose_temporal.posetrack import frame_poses, read_video
from mmpose_temporal.testing import write_tiny_posetrack


def test_poses_of_a_prediction_have_its_scores(tmp_path):
    """Estimators write what they like as visibility; an absent joint lies at (0, 0)."""
    file = write_tiny_posetrack(tmp_path) / "annotations" / "val" / "v1.json"
    content = json.loads(file.read_text())
    person = content["annotations"][0]
    person["scores"] = [0.5] * 17
    person["keypoints"][0::3] = [0.0] + [9.0] * 16
    person["keypoints"][1::3] = [0.0] + [9.0] * 16
    person["keypoints"][2::3] = [0.0] * 17
    del person["track_id"]
    file.write_text(json.dumps(content))
    poses = frame_poses(read_video(file, need_ids=False).frames[0])
    assert poses.keypoint_scores[0].tolist() == [0.0] + [0.5] * 16
    assert poses.track_ids.tolist() == [-1, -1]
    with pytest.raises(ValueError, match="'track_id' must be an integer"):
        read_video(file)


@pytest.mark.parametrize("scores", [None, 0.5])
def test_a_file_that_does_not_list_the_ears(tmp_path, scores):
    """Annotated people are no predictions for that: their joints have score 1, ears are absent."""
    file = write_tiny_posetrack(tmp_path) / "annotations" / "val" / "v1.json"
    content = json.loads(file.read_text())
    category = content["categories"][0]
    listed = [i for i, name in enumerate(category["keypoints"]) if not name.endswith("_ear")]
    category["keypoints"] = [category["keypoints"][i] for i in listed]
    for person in content["annotations"]:
        person["keypoints"] = [9.0, 9.0, 1.0] * 15
        if scores is not None:
            person["scores"] = [scores] * 15
    file.write_text(json.dumps(content))
    frame = read_video(file).frames[0]
    assert (frame.people[0].keypoint_scores is None) == (scores is None)
    given = [scores or 1.0] * 12
    assert frame_poses(frame).keypoint_scores[0].tolist() == [*given[:3], 0, 0, *given]


def test_people_per_frame_of_labelled_frames(tmp_path):
    """v1: 5 frames with 2 people. One of frame 0 becomes a group, and frame 4 is not labelled."""
    file = write_tiny_posetrack(tmp_path) / "annotations" / "val" / "v1.json"
    assert read_video(file).people_per_frame == 2
    content = json.loads(file.read_text())
    content["annotations"][0]["iscrowd"] = 1
    content["images"][4]["is_labeled"] = False
    content["annotations"] = [a for a in content["annotations"] if a["image_id"] != 10004]
    file.write_text(json.dumps(content))
    assert read_video(file).people_per_frame == (1 + 2 + 2 + 2) / 4
    for image in content["images"]:
        image["is_labeled"] = False
    content["annotations"] = []
    file.write_text(json.dumps(content))
    assert read_video(file).people_per_frame == 0
