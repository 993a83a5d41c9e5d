import csv

import numpy as np

from mmpose_temporal.datasets.exports import write_csv


def test_csv(tracks, tmp_path, poses):
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
