import numpy as np
import pytest

from mmpose_temporal.posetrack.records import (
    checked_name,
    image_number,
    image_record,
    number_people,
    person_record,
)
from mmpose_temporal.structures import person_categories


@pytest.mark.parametrize(
    ("name", "number", "video"),
    [
        ("images/val/000342_mpii_test/000007.jpg", 10003420007, "000342"),
        ("images/train/000001_bonn_train/000000.jpg", 20000010000, "000001"),
        ("images/mpiinew_test/000002_mpiinew_test/000099.jpg", 30000020099, "000002"),
        ("images/bonn_5sec/000342_mpii/00000012.jpg", 10003420012, "000342"),
        ("images/x/000342_mpii/00000012_crop.jpg", 10003420012, "000342"),
        ("images/val/060470979/000040.jpg", 604709790040, "060470979"),
    ],
)
def test_numbers(name, number, video):
    assert image_number(name) == (number, video)


@pytest.mark.parametrize(
    "name", ["000000.jpg", "a/000000.jpg", "000342_mpii/x.jpg", "000342_other/000000.jpg"]
)
def test_names_without_numbers(name):
    with pytest.raises(ValueError, match="cannot be numbered"):
        image_number(name)


def test_frame_numbers_have_four_digits():
    assert image_number("000342_mpii/00009999.jpg")[0] == 10003429999
    with pytest.raises(ValueError, match="frame numbers must be below 10000"):
        image_number("000342_mpii/00010000.jpg")


@pytest.mark.parametrize("name", ["/etc/passwd", "../x.jpg", "a/../../x.jpg", "..\\x.jpg"])
def test_names_that_leave_the_root(name):
    with pytest.raises(ValueError, match="here: image name .* leaves the data root"):
        checked_name(name, "here")


@pytest.mark.parametrize("name", ["", None, 3])
def test_no_names(name):
    with pytest.raises(ValueError, match="here: the image has no name"):
        checked_name(name, "here")


def test_a_person():
    keypoints = np.zeros((17, 3))
    keypoints[0], keypoints[1], keypoints[2] = [10, 20, 2], [30, 60, 1], [99, 99, 0]
    head = np.array([5, 6, 15, 26])
    record = person_record(keypoints, image_id=7, position=3, track_id=9, head_box=head)
    assert (record["id"], record["image_id"], record["track_id"]) == (7003, 7, 9)
    assert record["keypoints"][:9] == [10, 20, 1, 30, 60, 1, 0, 0, 0]
    assert record["num_keypoints"] == 2
    # 20 x 40, 15 % a side: 3 and 6 pixels.
    assert record["bbox"] == [7, 14, 26, 52] and record["area"] == 26 * 52
    assert record["bbox_head"] == [5, 6, 10, 20]


def test_an_image():
    region = np.array([[0, 1], [2, 3], [4, 5]])
    options = dict(image_id=7, video_number="000342", num_frames=2, is_labeled=1)
    record = image_record("a/b.jpg", ignore_regions=[region], **options)
    assert record["is_labeled"] is True
    assert record["ignore_regions_x"] == [[0, 2, 4]] and record["ignore_regions_y"] == [[1, 3, 5]]
    assert "width" not in record
    record = image_record("a/b.jpg", size=(64, 48), **options)
    assert (record["width"], record["height"]) == (64, 48)


def test_the_category():
    (category,) = person_categories()
    assert len(category["keypoints"]) == 17
    assert all(1 <= joint <= 17 for bone in category["skeleton"] for joint in bone)


@pytest.mark.parametrize(
    ("ids", "numbers"),
    [
        ([7000, 7001, 8000], [7000, 7001, 8000]),
        ([-1000, -999], [-1000, -999]),
        ([], []),
        ([2**63 - 1, 5], [2**63 - 1, 5]),
        ([5, 2**63], [1, 2]),  # it does not fit in 64 bits
        ([7000, 8000, 8000], [1, 2, 3]),  # image 7 has 1001 people
    ],
)
def test_ids_of_annotations_fit_and_differ(ids, numbers):
    assert [person["id"] for person in number_people([{"id": n} for n in ids])] == numbers
