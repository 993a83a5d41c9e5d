"""COCO and MPII as PoseTrack keypoints."""

import json

import numpy as np
import pytest

from mmpose_temporal.datasets import read_merged
from mmpose_temporal.datasets.converters import (
    COCO_KEYPOINTS,
    coco_to_posetrack,
    convert_coco,
    convert_mpii,
    mpii_to_posetrack,
)
from mmpose_temporal.structures import KEYPOINT_NAMES

JOINT = KEYPOINT_NAMES.index


def coco_person(**visible):
    """Keypoint i at (10 i, 100 + i), all with visibility 2 but for those named."""
    rows = [
        [10.0 * i, 100.0 + i, visible.get(name, visible.get("rest", 2))]
        for i, name in enumerate(COCO_KEYPOINTS)
    ]
    return np.array(rows)


def test_a_coco_person():
    made = coco_to_posetrack(coco_person(left_knee=1, right_ankle=0))
    np.testing.assert_array_equal(made[JOINT("nose")], [0, 100, 1])
    np.testing.assert_array_equal(made[JOINT("left_ear")], [30, 103, 1])
    np.testing.assert_array_equal(made[JOINT("left_knee")], [130, 113, 1])  # labelled, occluded
    np.testing.assert_array_equal(made[JOINT("right_ankle")], [0, 0, 0])
    # Shoulders at (50, 105) and (60, 106).
    np.testing.assert_array_equal(made[JOINT("head_bottom")], [55, 105.5, 1])
    np.testing.assert_array_equal(made[JOINT("head_top")], [0, 0, 0])


def test_head_bottom_needs_both_shoulders():
    made = coco_to_posetrack(coco_person(left_shoulder=0))
    np.testing.assert_array_equal(made[JOINT("head_bottom")], [0, 0, 0])
    made = coco_to_posetrack(coco_person(), head_bottom="none")
    np.testing.assert_array_equal(made[JOINT("head_bottom")], [0, 0, 0])
    with pytest.raises(ValueError, match="head_bottom must be one of shoulders, none, got ears"):
        coco_to_posetrack(coco_person(), head_bottom="ears")


def coco_file(path, change=None):
    def annotation(number, image, keypoints, **more):
        record = dict(id=number, image_id=image, category_id=1, iscrowd=0, area=77.5)
        return record | dict(keypoints=keypoints, bbox=[1, 2, 30, 40]) | more

    body = coco_person().reshape(-1).tolist()
    eyes = coco_person(rest=0, left_eye=2).reshape(-1).tolist()
    content = dict(
        images=[
            dict(id=i, file_name=f"{i:012d}.jpg", width=64, height=48) for i in (785, 900, 901)
        ],
        annotations=[
            annotation(1, 785, body),
            annotation(2, 785, body, bbox=[5, 5, 10, 10]),
            annotation(3, 785, body, iscrowd=1),
            annotation(4, 900, [0] * 51),
            annotation(5, 900, eyes),
            annotation(6, 901, body, category_id=18),
        ],
        categories=[
            dict(id=1, name="person", keypoints=list(COCO_KEYPOINTS)),
            dict(id=18, name="dog"),
        ],
    )
    if change is not None:
        change(content)
    path.write_text(json.dumps(content))
    return path


def test_a_coco_file(tmp_path):
    source = coco_file(tmp_path / "coco.json")
    report = convert_coco(source, tmp_path / "out.json", image_folder="train2017")
    assert report.converted == {"images": 1, "people": 2}
    assert report.left_out == {
        "crowds": 1,
        "people without joints": 1,
        "people with eyes only": 1,
        "annotations of other categories": 1,
        "images without people": 2,
    }
    (group,) = read_merged(tmp_path / "out.json")
    assert group.video_id == "train2017"
    (frame,) = group.frames
    assert (frame.image_id, frame.size) == (785, (64, 48))
    assert frame.file_name == "train2017/000000000785.jpg"
    assert [p.track_id for p in frame.people] == [0, 1]
    assert [p.annotation_id for p in frame.people] == [1, 2]
    np.testing.assert_array_equal(frame.people[0].box, [1, 2, 31, 42])
    assert frame.people[0].area == 77.5
    assert "left out: 1 crowds" in str(report)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("categories"), "it needs the lists images, annotations, categories"),
        (lambda c: c["categories"].pop(0), "has no category 'person'"),
        (lambda c: c["categories"][0]["keypoints"].reverse(), "are not the 17 of COCO"),
        (lambda c: c["images"][0].update(file_name="../x.jpg"), "is no plain file name"),
        (lambda c: c["images"][0].pop("width"), "'width' must be an integer"),
        (lambda c: c["annotations"][0].update(image_id=1), "image 1, which the file does not"),
        (
            lambda c: c["annotations"][0]["keypoints"].pop(),
            "annotation 1: 'keypoints' must hold 51 numbers, found 50",
        ),
        (lambda c: c["annotations"][0].update(bbox=[1, 2]), "'bbox' must hold 4 numbers"),
        (lambda c: c["annotations"].clear(), r"coco\.json has nobody to convert; left out: 3 im"),
        (lambda c: c.update(annotations=c["annotations"][2:4]), "left out: 1 crowds, 1 people wi"),
    ],
)
def test_broken_coco(tmp_path, change, message):
    source = coco_file(tmp_path / "coco.json", change)
    with pytest.raises(ValueError, match=message):
        convert_coco(source, tmp_path / "out.json", image_folder="train2017")
    assert not (tmp_path / "out.json").exists()


def test_targets(tmp_path):
    source = coco_file(tmp_path / "coco.json")
    convert_coco(source, tmp_path / "out.json", image_folder="a")
    with pytest.raises(FileExistsError, match="pass --overwrite"):
        convert_coco(source, tmp_path / "out.json", image_folder="a")
    convert_coco(source, tmp_path / "out.json", image_folder="b", overwrite=True)
    assert read_merged(tmp_path / "out.json")[0].video_id == "b"
    for folder in ("", "/data", "../data"):
        with pytest.raises(ValueError, match="must be a folder below the data root"):
            convert_coco(source, tmp_path / "x.json", image_folder=folder)


def test_an_mpii_person():
    joints = np.stack([10.0 * np.arange(16), 100.0 + np.arange(16)], axis=1)
    annotated = np.ones(16)
    annotated[0] = 0
    made = mpii_to_posetrack(joints, annotated)
    np.testing.assert_array_equal(made[JOINT("right_ankle")], [0, 0, 0])
    # Ids from 0, pixels from 1: joint 8 at (80, 108) is (79, 107).
    np.testing.assert_array_equal(made[JOINT("head_bottom")], [79, 107, 1])
    np.testing.assert_array_equal(made[JOINT("head_top")], [89, 108, 1])
    np.testing.assert_array_equal(made[JOINT("left_wrist")], [149, 114, 1])
    assert made[:, 2].sum() == 13  # 14 that PoseTrack has, less the ankle
    for name in ("nose", "left_ear", "right_ear"):
        assert made[JOINT(name), 2] == 0


def mpii_file(path, change=None):
    joints = [[10.0 * i + 1, 101.0 + i] for i in range(16)]
    person = dict(image="005808361.jpg", joints=joints, joints_vis=[1] * 16)
    person |= dict(center=[1, 2], scale=1.5)
    content = [
        person,
        dict(person, joints_vis=[0] * 15 + [1]),
        dict(person, image="000000007.jpg", joints_vis=[0] * 16),
    ]
    content = json.loads(json.dumps(content))
    if change is not None:
        change(content)
    path.write_text(json.dumps(content))
    return path


def test_an_mpii_file(tmp_path):
    source = mpii_file(tmp_path / "mpii.json")
    report = convert_mpii(source, tmp_path / "out.json")
    assert report.converted == {"images": 1, "people": 2}
    assert report.left_out == {"people without joints": 1, "images without people": 1}
    ((frame,),) = [v.frames for v in read_merged(tmp_path / "out.json")]
    assert (frame.image_id, frame.file_name) == (5808361, "images/005808361.jpg")
    first, second = frame.people
    # x 0..150, y 100..115 and 15 % a side.
    np.testing.assert_array_equal(first.box, [-22.5, 97.75, 172.5, 117.25])
    np.testing.assert_array_equal(second.box, [150, 115, 150, 115])  # a single joint


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda c: c[0].pop("joints_vis"),
            "person 0: 'joints_vis' must hold 16 numbers, found no",
        ),
        (
            lambda c: c[1]["joints"].pop(),
            r"person 1: 'joints' must be a list of 16 points, got 15",
        ),
        (lambda c: c[1]["joints"].__setitem__(3, [1]), r"'joints' must hold 2 numbers, found 1"),
        (lambda c: c[0].update(image="a/b.jpg"), "is no plain file name"),
        (lambda c: c[0].update(image="cat.jpg"), "is no number"),
        (lambda c: c[0].update(image="5808361.jpg"), "have one number"),
        (lambda c: c.clear(), r"mpii\.json has nobody to convert; left out: nothing"),
        (
            lambda c: c.__delitem__(slice(2)),
            "nobody to convert; left out: 1 people without joints",
        ),
    ],
)
def test_broken_mpii(tmp_path, change, message):
    source = mpii_file(tmp_path / "mpii.json", change)
    with pytest.raises(ValueError, match=message):
        convert_mpii(source, tmp_path / "out.json")


def test_not_mpii(tmp_path):
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(ValueError, match="it must be a list of people"):
        convert_mpii(tmp_path / "x.json", tmp_path / "out.json")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        convert_mpii(tmp_path / "y.json", tmp_path / "out.json")


def test_real_stills(real_data, tmp_path):
    stills = real_data / "stills"
    report = convert_coco(
        stills / "coco" / "test_coco.json", tmp_path / "coco.json", image_folder="coco"
    )
    assert report.converted["people"] > 0
    for frame in read_merged(tmp_path / "coco.json")[0].frames:
        assert (stills / frame.file_name).is_file()
    convert_mpii(
        stills / "mpii" / "test_mpii.json",
        tmp_path / "mpii.json",
        image_folder="mpii",
        image_root=stills,
    )
    for frame in read_merged(tmp_path / "mpii.json")[0].frames:
        width, height = frame.size
        for person in frame.people:
            x, y, _ = person.keypoints[person.keypoints[:, 2] > 0].T
            assert (x > -1).all() and (x < width).all() and (y > -1).all() and (y < height).all()
