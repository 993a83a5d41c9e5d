"""Against an annolist.mat that the test writes in the structure of the authors' release."""

import json

import numpy as np
import pytest
from scipy.io import savemat

from mmpose_temporal.datasets import read_video
from mmpose_temporal.datasets.converters import (
    MPII_JOINTS,
    convert_multiperson_posetrack,
)
from mmpose_temporal.structures import KEYPOINT_NAMES

JOINT = KEYPOINT_NAMES.index
POINT = [(name, object) for name in ("x", "y", "id", "is_visible", "is_truncated")]
VIDEO = [(name, object) for name in ("num_frames", "name", "num_persons", "annopoints")]
ANNOTATED = (0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15)


def cell(joints, head_rect=(5.0, 6.0, 15.0, 26.0), ids=None):
    """A person of a frame: joint j at (10 j, 100 + j); every other one is occluded."""
    if not joints:
        return np.zeros((1, 0))
    points = np.empty((1, len(joints)), POINT)
    for index, joint in enumerate(joints):
        points[0, index] = (10.0 * joint, 100.0 + joint, joint, joint % 2, 0)
    person = np.empty((1, 1), [("point", object), ("head_rect", object)])
    rect = np.zeros((0, 0)) if head_rect is None else np.array([head_rect])
    person[0, 0] = (points, rect)
    return person


def video(name, rows, num_frames=None):
    cells = np.empty((len(rows), len(rows[0])), object)
    for index in np.ndindex(cells.shape):
        cells[index] = rows[index[0]][index[1]]
    return (num_frames or cells.shape[1], name, cells.shape[0], cells)


def write(path, videos):
    struct = np.empty((len(videos), 1), VIDEO)
    for index, record in enumerate(videos):
        struct[index, 0] = record
    savemat(path, {"annolist": struct})
    return path


@pytest.fixture
def mat(tmp_path):
    whole = cell(ANNOTATED)
    rows = [[whole, cell([]), cell(ANNOTATED, head_rect=None)], [whole, cell([8, 9]), whole]]
    single = [[cell([0, 1]), cell([0])]]  # one person: scipy must not drop the axis
    path = tmp_path / "annolist.mat"
    return write(path, [video("000002", rows), video("060470979", single)])


def test_conversion(mat, tmp_path):
    names = "images/{split}/{video}/{index:06d}.jpg"
    report = convert_multiperson_posetrack(mat, tmp_path / "val", split="val", frame_names=names)
    assert report.converted == {
        "videos": 2,
        "frames": 5,
        "people": 7,
        "people without head box": 1,
    }
    assert report.left_out == {"empty cells (person not in the frame)": 1}
    first = read_video(tmp_path / "val" / "000002.json")
    assert [f.image_id for f in first.frames] == [20000, 20001, 20002]
    assert first.frames[2].file_name == "images/val/000002/000002.jpg"
    # A track is a row: row 1 keeps its id while row 0 is away.
    assert [[p.track_id for p in f.people] for f in first.frames] == [[0, 1], [1], [0, 1]]
    person = first.frames[0].people[0]
    np.testing.assert_array_equal(person.keypoints[JOINT("right_ankle")], [0, 100, 1])
    np.testing.assert_array_equal(person.keypoints[JOINT("head_bottom")], [80, 108, 1])
    np.testing.assert_array_equal(person.keypoints[JOINT("head_top")], [90, 109, 1])
    np.testing.assert_array_equal(person.keypoints[JOINT("left_wrist")], [150, 115, 1])
    for name in ("nose", "left_ear", "right_ear"):
        np.testing.assert_array_equal(person.keypoints[JOINT(name)], 0)
    np.testing.assert_array_equal(person.head_box, [5, 6, 15, 26])
    # x 0..150, y 100..115, and 15 % a side: 22.5 and 2.25.
    np.testing.assert_array_equal(person.box, [-22.5, 97.75, 172.5, 117.25])
    assert np.isnan(first.frames[2].people[0].head_box).all()
    second = read_video(tmp_path / "val" / "060470979.json")
    assert [f.image_id for f in second.frames] == [604709790000, 604709790001]
    assert [len(f.people) for f in second.frames] == [1, 1]


def test_names_as_released(mat, tmp_path):
    convert_multiperson_posetrack(mat, tmp_path / "val", split="val")
    names = [f.file_name for f in read_video(tmp_path / "val" / "000002.json").frames]
    assert names == [f"videos/000002/0000{n}.jpg" for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (
            video("abc", [[cell([0])]]),
            "'name' must be a number as text of at most 9 digits, got 'abc'",
        ),
        (
            video("000002", [[cell([0])]], num_frames=5),
            r"'annopoints' is \(1, 1\), but num_persons and num_frames say \(1, 5\)",
        ),
        (
            video("000002", [[cell([6])]]),
            "video 000002, frame 0, person 0: joint id 6 is none of the 14",
        ),
        (
            video("000002", [[cell([0], head_rect=(1.0, 2.0))]]),
            "'head_rect' must hold 4 numbers, found 2",
        ),
    ],
)
def test_broken_videos(tmp_path, record, message):
    path = write(tmp_path / "annolist.mat", [record])
    with pytest.raises(ValueError, match=message):
        convert_multiperson_posetrack(path, tmp_path / "out", split="val")
    assert not (tmp_path / "out").exists()


def test_bad_arguments(mat, tmp_path):
    with pytest.raises(ValueError, match="the fields are split, video, index and number"):
        convert_multiperson_posetrack(mat, tmp_path / "o", split="val", frame_names="{frame}.jpg")
    write(mat, [video("000002", [[cell([0])]])] * 2)
    with pytest.raises(ValueError, match="a video stands twice"):
        convert_multiperson_posetrack(mat, tmp_path / "o", split="val")
    mat.write_bytes(b"MATLAB 5.0 MAT-file, nothing more")
    with pytest.raises(ValueError, match="is not a readable"):
        convert_multiperson_posetrack(mat, tmp_path / "o", split="val")


def test_against_the_known_conversion(real_data, tmp_path):
    """Rebuild the .mat of one real video from its converted file, and convert it again."""
    source = real_data / "multiperson_posetrack" / "annotations" / "val" / "060470979.json"
    expected = json.loads(source.read_text())
    tracks = 1 + max(p["track_id"] for p in expected["annotations"])
    rows = [[cell([]) for _ in expected["images"]] for _ in range(tracks)]
    order = {image["id"]: index for index, image in enumerate(expected["images"])}
    mpii = dict(zip(ANNOTATED, range(14), strict=True))
    for person in expected["annotations"]:
        keypoints = np.reshape(person["keypoints"], (17, 3))
        present = [j for j in mpii if keypoints[JOINT(MPII_JOINTS[j]), 2]]
        x, y, w, h = person["bbox_head"]
        made = cell(present, head_rect=(x, y, x + w, y + h))
        for index, joint in enumerate(present):
            px, py, _ = keypoints[JOINT(MPII_JOINTS[joint])]
            made[0, 0]["point"][0, index] = (px, py, joint, 1, 0)
        rows[person["track_id"]][order[person["image_id"]]] = made
    path = write(tmp_path / "annolist.mat", [video("060470979", rows)])
    convert_multiperson_posetrack(
        path,
        tmp_path / "val",
        split="val",
        frame_names="images/{split}/{video}/{index:06d}.jpg",
        image_root=real_data / "multiperson_posetrack",
    )
    made = json.loads((tmp_path / "val" / "060470979.json").read_text())
    assert made["images"] == expected["images"]
    assert made["categories"] == expected["categories"]
    for a, b in zip(made["annotations"], expected["annotations"], strict=True):
        fields = ("image_id", "track_id", "num_keypoints")
        assert [a[k] for k in fields] == [b[k] for k in fields]
        for field in ("keypoints", "bbox", "bbox_head"):
            np.testing.assert_allclose(a[field], b[field], atol=0.02)  # two decimals there
