"""Fields of a file, whole and broken. The tiny data set: v1 has 5 frames, ids 10000..10004;
person p has the box of [3 + 20 p + t, 6, 15 + 20 p + t, 38] at frame t."""

import json
import math

import numpy as np
import pytest

from mmpose_temporal.posetrack import read_file, read_video
from mmpose_temporal.structures import KEYPOINT_NAMES
from mmpose_temporal.testing import two_people_file, write_tiny_posetrack


@pytest.fixture
def file(tmp_path):
    return write_tiny_posetrack(tmp_path) / "annotations" / "val" / "v1.json"


def edit(file, change) -> None:
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


def test_a_good_file(file):
    video = read_video(file)
    assert video.video_id == "v1"
    assert [f.image_id for f in video.frames] == [10000, 10001, 10002, 10003, 10004]
    frame = video.frames[2]
    assert frame.file_name == "images/val/v1/000002.png"
    assert (frame.frame_id, frame.size, frame.is_labeled) == (10002, (64, 48), True)
    assert frame.ignore_regions == []
    person = frame.people[1]
    assert person.track_id == 1
    np.testing.assert_array_equal(person.box, [3 + 20 + 2, 6, 15 + 20 + 2, 38])
    # A quarter of the box's height, half its width, in the middle: x 25 + 12 / 4, width 6.
    np.testing.assert_array_equal(person.head_box, [28, 6, 34, 14])
    assert person.keypoints.shape == (17, 3)
    assert person.keypoints.dtype == np.float32
    np.testing.assert_array_equal(person.keypoints[2], [31, 6, 1])  # head_top: middle of the top
    np.testing.assert_array_equal(person.keypoints[3], [0, 0, 0])  # an ear


@pytest.mark.parametrize("value", [0.5, 1, 2])
def test_visibility_is_yes_or_no(file, value):
    edit(file, lambda c: c["annotations"][0]["keypoints"].__setitem__(2, value))
    keypoints = read_video(file).frames[0].people[0].keypoints
    assert keypoints[0, 2] == 1
    assert set(keypoints[:, 2].tolist()) == {0, 1}


def test_truncated_json(file):
    file.write_text(file.read_text()[:-40])
    with pytest.raises(ValueError, match=r"v1\.json is not valid JSON \(truncated"):
        read_video(file)


@pytest.mark.parametrize("content", [[], {}, {"images": []}, {"annotations": []}, 3, None])
def test_another_layout(file, content):
    file.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"v1\.json is not in the PoseTrack18 layout"):
        read_video(file)


@pytest.mark.parametrize("field", ["images", "annotations"])
@pytest.mark.parametrize("value", [None, {}, 5, [1], ["x"], [None]])
def test_lists_that_are_none(file, field, value):
    edit(file, lambda c: c.update({field: value}))
    with pytest.raises(ValueError, match=rf"v1\.json: '{field}' must be a list of records"):
        read_video(file)


FRAME = r"v1\.json, frame 1 \(images/val/v1/000001\.png\)"
PERSON = FRAME + ", annotation 1000101: "


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(keypoints=[0.0] * 50 + [math.inf]), PERSON + "'keypoints' holds NaN or infinity"),
        (dict(keypoints=[0.0] * 50 + [1e300]), PERSON + "'keypoints' .* too large"),
        (dict(keypoints=[[0, 0], [1]]), PERSON + "'keypoints' must be a list of numbers"),
        (dict(keypoints=[[0.0] * 3] * 17), PERSON + "'keypoints' must hold 51 numbers"),
        (dict(keypoints=["1"] * 51), PERSON + "'keypoints' must be a list of numbers"),
        (dict(track_id="1"), PERSON + "'track_id' must be an integer, got '1'"),
        (dict(track_id=True), PERSON + "'track_id' must be an integer, got True"),
        (dict(track_id=math.nan), PERSON + "'track_id' must be an integer"),
        (dict(scores=[1.0] * 15), PERSON + "'scores' must hold 17 numbers, found 15"),
        (dict(bbox=[1, 2, 3]), PERSON + "'bbox' must hold 4 numbers"),
        (dict(bbox=[]), PERSON + "'bbox' must hold 4 numbers"),
        (dict(bbox_head=[1, 2, 3]), PERSON + "'bbox_head' must hold 4 numbers"),
        (dict(area="big"), PERSON + "'area' must be a list of numbers"),
        (dict(image_id=None), "annotation 1000101: 'image_id' must be an integer"),
    ],
)
def test_broken_people(file, change, message):
    """The second person of the frame 1 of v1 is annotation number 3."""
    edit(file, lambda c: c["annotations"][3].update(change))
    with pytest.raises(ValueError, match=message):
        read_video(file)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(id=10000), "'id' 10000 stands twice"),
        (dict(id="x"), "'id' must be an integer"),
        (dict(file_name=None), "image 10001 has no 'file_name'"),
        (dict(file_name=""), "image 10001 has no 'file_name'"),
        (dict(frame_id="one"), FRAME + ": 'frame_id' must be an integer"),
        (dict(width="wide"), FRAME + ": 'width' must be an integer"),
        (
            dict(ignore_regions_x=[[1, 2, 3]]),
            FRAME + ": 'ignore_regions_x' and .* must be two lists of the same",
        ),
        (
            dict(ignore_regions_x=[[1, 2, 3]], ignore_regions_y=[[1, 2]]),
            FRAME + ": 'ignore_regions' holds a polygon of 3 x and 2 y",
        ),
        (
            dict(ignore_regions_x=[1, 2, 3], ignore_regions_y=[1, 2, 3]),
            FRAME + ": 'ignore_regions' must be a list of numbers, got 1",
        ),
        (
            dict(ignore_regions_x=[[1, 2, math.nan]], ignore_regions_y=[[1, 2, 3]]),
            FRAME + ": 'ignore_regions' holds NaN",
        ),
    ],
)
def test_broken_frames(file, change, message):
    edit(file, lambda c: c["images"][1].update(change))
    with pytest.raises(ValueError, match=message):
        read_video(file)


@pytest.mark.parametrize("size", [dict(width=0, height=0), None])
def test_frames_without_a_size(file, size):
    """As in the official files."""

    def change(content):
        for image in content["images"]:
            del image["width"], image["height"]
            image.update(size or {})

    edit(file, change)
    assert {frame.size for frame in read_video(file).frames} == {None}


@pytest.mark.parametrize("categories", [["person"], None])
def test_categories_that_are_no_records(file, categories):
    edit(file, lambda c: c.update(categories=categories))
    with pytest.raises(ValueError, match="'categories' must be a list of records"):
        read_video(file)


def test_keypoints_go_by_their_names(file):
    expected = read_video(file).frames[0].people[1]

    def turn(content):
        order = [*range(1, 17), 0]
        content["categories"][0]["keypoints"] = [KEYPOINT_NAMES[index] for index in order]
        for person in content["annotations"]:
            points = np.reshape(person["keypoints"], (17, 3))[order]
            person["keypoints"] = points.ravel().tolist()

    edit(file, turn)
    person = read_video(file).frames[0].people[1]
    np.testing.assert_array_equal(person.keypoints, expected.keypoints)


def test_keypoints_of_another_skeleton(file):
    names = ["left_eye", *KEYPOINT_NAMES[1:]]
    edit(file, lambda c: c["categories"][0].update(keypoints=names))
    with pytest.raises(ValueError, match=r"(?s)missing: nose; not expected: left_eye.*17: nose"):
        read_video(file)


def test_categories_without_names_are_accepted(file):
    edit(file, lambda c: c.update(categories=[dict(id=1, name="person")]))
    assert len(read_video(file).frames) == 5


def test_ignore_regions(file):
    regions = dict(
        ignore_regions_x=[[1, 2, 3], [4, 5, 6, 7]], ignore_regions_y=[[0, 0, 9], [1, 1, 2, 2]]
    )
    edit(file, lambda c: c["images"][1].update(regions))
    first, second = read_video(file).frames[1].ignore_regions
    np.testing.assert_array_equal(first, [[1, 0], [2, 0], [3, 9]])
    assert second.shape == (4, 2)
    assert first.dtype == np.float32


@pytest.mark.parametrize("corners", [[], [1], [1, 2]])
def test_fewer_than_three_corners_are_no_region(file, corners):
    regions = dict(ignore_regions_x=[corners], ignore_regions_y=[corners])
    edit(file, lambda c: c["images"][1].update(regions))
    (region,) = read_video(file).frames[1].ignore_regions
    assert region.shape == (0, 2)


def test_a_missing_box_is_made_of_the_joints(file):
    edit(file, lambda c: c["annotations"][0].pop("bbox"))
    # The joints of person 0 span [3, 15] x [6, 38]; 15 % of 12 and of 32 on each side.
    expected = [3 - 1.8, 6 - 4.8, 15 + 1.8, 38 + 4.8]
    np.testing.assert_allclose(read_video(file).frames[0].people[0].box, expected, rtol=1e-6)


@pytest.mark.parametrize("value", [None, []])
def test_a_missing_head_box_is_nan(file, value):
    def change(content):
        del content["annotations"][0]["bbox_head"]
        content["annotations"][1]["bbox_head"] = value

    edit(file, change)
    for person in read_video(file).frames[0].people:
        assert person.head_box.shape == (4,)
        assert np.isnan(person.head_box).all()


def test_missing_keypoints_are_none_visible(file):
    edit(file, lambda c: c["annotations"][0].pop("keypoints"))
    np.testing.assert_array_equal(
        read_video(file).frames[0].people[0].keypoints, np.zeros((17, 3))
    )


def test_what_an_image_need_not_say(file):
    def change(content):
        for name in ("frame_id", "width", "height", "is_labeled", "ignore_regions_x"):
            del content["images"][0][name]
        del content["images"][0]["ignore_regions_y"]
        content["images"][1]["is_labeled"] = False

    edit(file, change)
    frames = read_video(file).frames
    assert (frames[0].frame_id, frames[0].size, frames[0].is_labeled) == (10000, None, True)
    assert not frames[1].is_labeled


def test_whole_floats_are_integers(file):
    edit(file, lambda c: c["images"][0].update(id=10000.0))
    image_id = read_video(file).frames[0].image_id
    assert (image_id, type(image_id)) == (10000, int)


def test_frame_without_people(file):
    edit(file, lambda c: c.update(annotations=[]))
    assert all(frame.people == [] for frame in read_video(file).frames)


def test_times_may_be_those_of_a_clock(file):
    edit(file, lambda c: [i.update(time=1.76e9 + n / 30) for n, i in enumerate(c["images"])])
    assert [f.time for f in read_video(file).frames][1] == 1.76e9 + 1 / 30
    edit(file, lambda c: c["images"][1].update(time=1e13))
    with pytest.raises(ValueError, match=FRAME + ": 'time' holds 1.*, a number that is too large"):
        read_video(file)


def test_hidden_joints_go_by_the_names_of_the_keypoints(tmp_path):
    content = two_people_file("000001", frames=1)
    content["categories"][0]["keypoints"] = [*KEYPOINT_NAMES[::-1]]
    first, second = content["annotations"]
    first["keypoints_hidden"] = [1] + [0] * 16  # the last of the usual order
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content))
    read = read_file(path, required=("keypoints",), optional=("keypoints_hidden",))
    assert read.hidden.tolist() == [[0] * 16 + [1], [-1] * 17]
    assert read.marks_hidden.tolist() == [True, False]
    assert (read_file(path, required=("keypoints",)).hidden == -1).all()  # not asked for
    people = read_video(path).frames[0].people
    assert people[0].keypoints_hidden.tolist() == [False] * 16 + [True]
    assert people[1].keypoints_hidden is None
    second["keypoints_hidden"] = [0.5] * 17
    path.write_text(json.dumps(content))
    with pytest.raises(
        ValueError, match=r"a.json, frame 0 .*'keypoints_hidden' must hold 0 and 1"
    ):
        read_video(path)
