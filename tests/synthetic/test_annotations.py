"""PoseTrack18 entries from the truth of a frame."""

import numpy as np
import pytest

from mmpose_temporal.structures.posetrack_layout import KEYPOINT_NAMES
from mmpose_temporal.synthetic import (
    FrameTruth,
    SyntheticVideoConfig,
    image_entry,
    merge,
    person_entries,
    render_video,
)

CONFIG = SyntheticVideoConfig(width=160, height=120, num_frames=2)


def _truth(visible, regions=(), hidden=()):
    keypoints = np.column_stack([np.arange(17) * 5.0 + 10, np.arange(17) * 4.0 + 20])[None]
    covered = np.zeros((1, 17), bool)
    covered[:, list(hidden)] = True
    return FrameTruth(
        keypoints=keypoints,
        visible=np.asarray(visible, bool)[None],
        hidden=covered,
        head_boxes=np.array([[8.0, 18.0, 28.0, 38.0]]),
        track_ids=np.array([6]),
        ignore_regions=regions,
    )


def test_a_person_by_hand():
    visible = np.zeros(17, bool)
    visible[[5, 15]] = True  # (35, 40) and (85, 80)
    (entry,) = person_entries(_truth(visible), index=12, frame=3)
    assert entry["image_id"] == 120_003
    assert entry["id"] == 120_003_006
    assert entry["track_id"] == 6 and entry["num_keypoints"] == 2
    expected = [0.0] * 51
    expected[15:18], expected[45:48] = [35, 40, 1], [85, 80, 1]
    assert entry["keypoints"] == expected
    # Extent 50 x 40, margin 7.5 and 6.
    assert entry["bbox"] == [27.5, 34.0, 65.0, 52.0]
    assert entry["area"] == 65 * 52
    assert entry["bbox_head"] == [8.0, 18.0, 20.0, 20.0]


def test_one_joint_keeps_a_box_and_none_has_no_entry():
    visible = np.zeros(17, bool)
    assert person_entries(_truth(visible), index=1, frame=0) == []
    visible[7] = True
    (entry,) = person_entries(_truth(visible), index=1, frame=0)
    assert entry["num_keypoints"] == 1 and entry["bbox"][2] > 0 and entry["bbox"][3] > 0


def test_hidden_joints_by_hand():
    visible = np.zeros(17, bool)
    visible[[5, 15]] = True  # (35, 40) and (85, 80)
    truth = _truth(visible, hidden=[16])  # (90, 84); the others are outside the frame
    (plain,) = person_entries(truth, index=1, frame=0)
    assert plain["num_keypoints"] == 2 and plain["bbox"] == [27.5, 34.0, 65.0, 52.0]
    assert "keypoints_hidden" not in plain
    (entry,) = person_entries(truth, index=1, frame=0, hidden=True)
    assert entry["keypoints_hidden"] == [0] * 16 + [1]
    assert entry["keypoints"][48:] == [90, 84, 1] and entry["num_keypoints"] == 3
    assert entry["keypoints"][:15] == [0.0] * 15
    # Extent 55 x 44, margin 8.25 and 6.6.
    assert entry["bbox"] == [26.75, 33.4, 71.5, 57.2]
    assert {k: entry[k] for k in ("id", "bbox_head")} == {k: plain[k] for k in ("id", "bbox_head")}


def test_a_person_whose_joints_are_all_hidden_has_no_entry():
    truth = _truth(np.zeros(17, bool), hidden=range(17))
    assert person_entries(truth, index=1, frame=0, hidden=True) == []
    (entry,) = person_entries(_truth(np.ones(17, bool)), index=1, frame=0, hidden=True)
    assert entry["keypoints_hidden"] == [0] * 17


def test_ignore_regions_are_cut_to_the_frame():
    square = np.array([[-20.0, 10.0], [30.0, 10.0], [30.0, 50.0], [-20.0, 50.0]])
    outside = square + np.array([500, 0])
    image = image_entry(
        _truth(np.ones(17), (square, outside)), CONFIG, split="val", index=7, frame=1
    )
    assert len(image["ignore_regions_x"]) == len(image["ignore_regions_y"]) == 1
    assert sorted(set(image["ignore_regions_x"][0])) == [0, 30]
    assert sorted(set(image["ignore_regions_y"][0])) == [10, 50]
    assert image["file_name"] == "images/val/000007/000001.jpg"
    assert image["id"] == image["frame_id"] == 70_001
    assert image["nframes"] == 2 and image["vid_id"] == "000007"


def test_boxes_hold_the_visible_joints_of_rendered_people():
    checked = 0
    for _, truth in render_video(CONFIG, seed=3):
        for entry in person_entries(truth, index=1, frame=0):
            points = np.array(entry["keypoints"]).reshape(17, 3)
            seen = points[:, 2] > 0
            assert (points[~seen] == 0).all()
            x, y, w, h = entry["bbox"]
            assert (points[seen, :2] >= [x - 0.02, y - 0.02]).all()
            assert (points[seen, :2] <= [x + w + 0.02, y + h + 0.02]).all()
            head = seen[:3]
            x, y, w, h = entry["bbox_head"]
            assert w > 0 and h > 0
            assert (points[:3][head, :2] >= [x - 0.02, y - 0.02]).all()
            assert (points[:3][head, :2] <= [x + w + 0.02, y + h + 0.02]).all()
            checked += 1
    assert checked >= 2


def test_merge_refuses_repeated_images():
    image = image_entry(_truth(np.ones(17)), CONFIG, split="val", index=1, frame=0)
    video = {"images": [image], "annotations": []}
    assert merge([video])["categories"][0]["keypoints"] == list(KEYPOINT_NAMES)
    with pytest.raises(ValueError, match="share an image id"):
        merge([video, video])
