"""The tiny data set: v1 has 5 frames (ids 10000..), v2 has 3 (ids 20000..); person p has the
box [3 + 20 p + t, 6, 15 + 20 p + t, 38] at frame t."""

import json
import math

import cv2
import numpy as np
import pytest
import torch

from mmpose_temporal.datasets import PoseTrackVideoDataset
from mmpose_temporal.structures import KEYPOINT_NAMES
from mmpose_temporal.testing import write_tiny_posetrack
from mmpose_temporal.utils import write_json

PIPELINE = (dict(type="mmpose.LoadVideoFrame"), dict(type="mmpose.PackFrameInputs"))


@pytest.fixture
def root(tmp_path):
    return write_tiny_posetrack(tmp_path)


def build(root, **options) -> PoseTrackVideoDataset:
    # Not serialized: that is mmengine's, and its garbage collection takes longer than all else.
    defaults = dict(data_root=str(root), ann_file="annotations/val", serialize_data=False)
    return PoseTrackVideoDataset(**{**defaults, **options})


def boxes(*people: int, t: int) -> np.ndarray:
    return np.array([[3 + 20 * p + t, 6, 15 + 20 * p + t, 38] for p in people], np.float32)


def edit(file, change) -> None:
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


def test_items(root):
    dataset = build(root)
    assert len(dataset) == 5 + 3
    item = dataset[6]  # frame 1 of v2
    assert item["video_id"] == "v2"
    assert (item["frame_index"], item["num_frames"]) == (1, 3)
    assert (item["img_id"], item["frame_id"]) == (20001, 20001)
    assert item["frame_name"] == "images/val/v2/000001.png"
    assert item["img_path"] == str(root / "images" / "val" / "v2" / "000001.png")
    assert item["dataset_name"] == "posetrack18"
    assert item["is_labeled"] is True
    assert len(item["flip_indices"]) == 17
    np.testing.assert_array_equal(item["bboxes"], boxes(0, 1, t=1))
    np.testing.assert_array_equal(item["track_ids"], [0, 1])
    assert item["keypoints"].shape == (2, 17, 2)
    np.testing.assert_array_equal(item["keypoints"][0, 2], [10, 6])  # head_top: 3 + 1 + 12 / 2
    np.testing.assert_array_equal(item["keypoints_visible"].sum(1), [15, 15])
    # head box: from a quarter of the width on, half of it wide, a quarter of the height
    np.testing.assert_array_equal(item["head_boxes"][0], [7, 6, 13, 14])


def without_skeleton(item: dict) -> dict:
    assert item.pop("skeleton").same_keypoints(KEYPOINT_NAMES)
    return item


def test_serialized_items_are_the_same(root):
    plain, serialized = build(root), build(root, serialize_data=True)
    assert len(plain) == len(serialized)
    first, second = without_skeleton(plain[6]), without_skeleton(serialized[6])
    for key, value in first.items():
        np.testing.assert_array_equal(second[key], value, err_msg=key)


def test_spans_follow_the_order(root):
    assert build(root).video_spans() == {"v1": range(5), "v2": range(5, 8)}
    assert build(root, frames=(1, 3), frame_step=2).video_spans() == {
        "v1": range(1),
        "v2": range(1, 2),
    }
    lazy = build(root, lazy_init=True)
    assert lazy.video_spans()["v2"] == range(5, 8)


def test_positions_count_the_frames_that_are_used(root):
    dataset = build(root, videos=["v1"], frames=(1, None), frame_step=2)
    assert [d["frame_index"] for d in dataset] == [0, 1]
    assert [d["img_id"] for d in dataset] == [10001, 10003]
    assert {d["num_frames"] for d in dataset} == {2}


def test_merged_file_gives_the_same_items(root):
    folder, merged = build(root), build(root, ann_file="annotations/posetrack18_val.json")
    assert len(folder) == len(merged)
    for a, b in zip(map(without_skeleton, folder), map(without_skeleton, merged), strict=True):
        assert a.keys() == b.keys()
        for key in a:
            np.testing.assert_array_equal(a[key], b[key], err_msg=key)


@pytest.mark.parametrize("release", ["posetrack17", "posetrack18", "posetrack21"])
def test_release(root, release):
    dataset = build(root, release=release)
    assert dataset.metainfo["dataset_name"] == release
    assert dataset[0]["dataset_name"] == release


def test_ground_truth_boxes(root):
    item = build(root)[3]
    np.testing.assert_array_equal(item["proposals"], boxes(0, 1, t=3))
    np.testing.assert_array_equal(item["proposal_scores"], [1, 1])


def test_people_without_joints_are_not_proposed(root):
    file = root / "annotations" / "val" / "v1.json"
    edit(file, lambda c: c["annotations"][0].update(keypoints=[0.0] * 51))
    item = build(root)[0]
    assert len(item["bboxes"]) == 2  # still in the ground truth
    np.testing.assert_array_equal(item["proposals"], boxes(1, t=0))


def test_boxes_of_a_file(root):
    write_json(
        root / "found.json",
        [
            dict(image_id=10001, category_id=1, bbox=[1, 2, 10, 20], score=0.5),
            dict(image_id=10001, category_id=1, bbox=[5, 6, 3, 4], score=0.75),
            dict(image_id=10001, category_id=3, bbox=[0, 0, 9, 9], score=1.0),  # no person
        ],
    )
    dataset = build(root, box_source="file", bbox_file="found.json")
    item = dataset[1]
    np.testing.assert_array_equal(item["proposals"], [[5, 6, 8, 10], [1, 2, 11, 22]])  # best first
    np.testing.assert_array_equal(item["proposal_scores"], [0.75, 0.5])
    assert dataset[0]["proposals"].shape == (0, 4)
    assert dataset[0]["proposal_scores"].shape == (0,)
    assert len(dataset[0]["bboxes"]) == 2


def test_the_detections_of_the_tiny_data_are_its_boxes(root):
    truth, found = build(root), build(root, box_source="file", bbox_file="detections_val.json")
    for a, b in zip(truth, found, strict=True):
        np.testing.assert_array_equal(a["proposals"], b["proposals"])
        np.testing.assert_allclose(b["proposal_scores"], 0.9, rtol=1e-6)


def test_detections_of_frames_left_out_are_no_error(root):
    options = dict(box_source="file", bbox_file="detections_val.json")
    assert len(build(root, videos=["v2"], **options)) == 3
    assert len(build(root, frames=(0, 1), **options)) == 2
    assert len(build(root, frame_step=2, **options)) == 3 + 2


def test_a_detector_gets_no_proposals(root):
    assert "proposals" not in build(root, box_source="detector")[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(box_source="yolo"), "box_source must be"),
        (dict(box_source="file"), "bbox_file goes with"),
        (dict(bbox_file="detections_val.json"), "bbox_file goes with"),
        (dict(box_source="detector", bbox_file="x.json"), "bbox_file goes with"),
        (dict(release="posetrack20"), "unknown PoseTrack release"),
        (dict(frame_step=0), "frame_step"),
        (dict(frames=(9, None)), "no frame of video v1"),
        (dict(videos=["v9"]), "has no video v9"),
    ],
)
def test_options_that_do_not_fit(root, options, message):
    with pytest.raises(ValueError, match=message):
        build(root, **options)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            [dict(image_id=3, category_id=1, bbox=[1, 2, 3, 4], score=1)],
            "detection 0 is of image 3",
        ),
        (
            [dict(image_id=10000, category_id=1, bbox=[1, 2, 3], score=1)],
            "detection 0: 'bbox' must hold 4 numbers, found 3",
        ),
        (
            [dict(image_id=10000, category_id=1, bbox=[1, 2, 3, math.nan], score=1)],
            "'bbox' holds NaN",
        ),
        (
            [dict(image_id=10000, category_id=1, bbox=[1, 2, -3, 4], score=1)],
            "'bbox' has a negative width or height",
        ),
        (
            [dict(image_id=10000, category_id=1, bbox="1234", score=1)],
            "'bbox' must be a list of numbers, got '1234'",
        ),
        (
            [dict(image_id=[10000], category_id=1, bbox=[1, 2, 3, 4], score=1)],
            r"'image_id' must be an integer, got \[10000\]",
        ),
        (
            [dict(image_id=10000, category_id=1, bbox=[1, 2, 3, 4], score=True)],
            "'score' must be a number, got True",
        ),
        (
            [dict(image_id=[1, 2], category_id=1, bbox=[1, 2, 3, 4], score=1)],
            r"'image_id' must be an integer, got \[1, 2\]",
        ),
        (
            [dict(image_id=10000, category_id=1, bbox=[1, 2, 3, 4], score=math.nan)],
            "'score' holds NaN",
        ),
        ([dict(image_id=10000, category_id=1, bbox=[1, 2, 3, 4])], "0: 'score' is missing"),
        ([dict(image_id=10000, category_id=1, bbox=3, score=1)], "0: 'bbox' must be a list"),
        ([3], "detection 0 must be a record, got 3"),
        (dict(annotations=[]), "must be a list of detections, got dict"),
    ],
)
def test_broken_detection_files(root, content, message):
    (root / "found.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        build(root, box_source="file", bbox_file="found.json")


def test_truncated_and_missing_detection_file(root):
    (root / "found.json").write_text('[{"image_id": 1')
    with pytest.raises(ValueError, match=r"found\.json is not valid JSON"):
        build(root, box_source="file", bbox_file="found.json")
    with pytest.raises(FileNotFoundError, match=r"detection file .*nowhere\.json"):
        build(root, box_source="file", bbox_file="nowhere.json")


def test_detections_need_unambiguous_images(root):
    def renumber(content):
        for image in content["images"]:
            image["id"] -= 10000
        for annotation in content["annotations"]:
            annotation["image_id"] -= 10000

    edit(root / "annotations" / "val" / "v2.json", renumber)  # now as v1's
    assert len(build(root)) == 8
    with pytest.raises(ValueError, match="image id 10000 is in several videos"):
        build(root, box_source="file", bbox_file="detections_val.json")


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "images/../../x.png"])
def test_a_path_outside_the_root(root, name):
    file = root / "annotations" / "val" / "v1.json"
    edit(file, lambda c: c["images"][2].update(file_name=name))
    with pytest.raises(ValueError, match="leaves the data root"):
        build(root)


def test_missing_first_frame(root):
    (root / "images" / "val" / "v2" / "000000.png").unlink()
    assert len(build(root)) == 8  # one broken video: its frames are for the pipeline to judge
    (root / "images" / "val" / "v1" / "000000.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"v1/000000.png and the 1 others .* data_root="):
        build(root)


def test_unlabelled_frames_are_searched_with_other_boxes_than_annotated_ones(root):
    edit(
        root / "annotations" / "val" / "v1.json",
        lambda c: c["images"][1].update(is_labeled=False),
    )
    assert [build(root)[i]["searched"] for i in range(3)] == [True, False, True]
    others = build(root, box_source="detector")
    assert [others[i]["searched"] for i in range(3)] == [True, True, True]


def test_missing_annotations(root):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        build(root, ann_file="nowhere")


def test_frame_without_people(root):
    edit(
        root / "annotations" / "val" / "v1.json", lambda c: c["annotations"].__delitem__(slice(2))
    )
    item = build(root)[0]
    shapes = dict(
        bboxes=(0, 4),
        keypoints=(0, 17, 2),
        keypoints_visible=(0, 17),
        head_boxes=(0, 4),
        track_ids=(0,),
        proposals=(0, 4),
        proposal_scores=(0,),
    )
    assert {name: item[name].shape for name in shapes} == shapes
    packed = build(root, pipeline=PIPELINE)[0]
    assert len(packed["data_samples"].gt_instances) == 0
    assert len(packed["data_samples"].proposals) == 0


def test_video_of_one_frame(tmp_path):
    dataset = build(write_tiny_posetrack(tmp_path, videos={"short": 1}))
    assert dataset.video_spans() == {"short": range(1)}
    assert dataset[0]["num_frames"] == 1


def test_through_the_pipeline(root):
    packed = build(root, pipeline=PIPELINE)[4]
    assert packed["inputs"].shape == (48, 64, 3)
    assert packed["inputs"].dtype == torch.uint8
    sample = packed["data_samples"]
    assert (sample.video_id, sample.frame_index, sample.num_frames) == ("v1", 4, 5)
    np.testing.assert_array_equal(sample.proposals.bboxes, boxes(0, 1, t=4))


@pytest.mark.parametrize("people", [0, 1, 3])
def test_an_image_is_decoded_once_whatever_the_number_of_people(tmp_path, monkeypatch, people):
    root = write_tiny_posetrack(tmp_path, people=people)
    decoded = []
    decode = cv2.imdecode
    monkeypatch.setattr(cv2, "imdecode", lambda *a: decoded.append(1) or decode(*a))
    dataset = build(root, pipeline=PIPELINE)
    assert decoded == []  # none to read the annotations
    for index in range(len(dataset)):
        assert len(dataset[index]["data_samples"].gt_instances) == people
        assert len(decoded) == index + 1


def test_hidden_joints_reach_the_samples(root):
    assert "keypoints_hidden" not in build(root)[0]

    def mark(content):
        for person in content["annotations"]:
            person["keypoints_hidden"] = [int(k == person["track_id"]) for k in range(17)]

    edit(root / "annotations" / "val" / "v1.json", mark)
    dataset = build(root, pipeline=PIPELINE)
    people = dataset[0]["data_samples"].gt_instances
    expected = np.arange(17) == people.track_ids[:, None]
    np.testing.assert_array_equal(people.keypoints_hidden, expected)
    assert "keypoints_hidden" not in dataset[6]["data_samples"].gt_instances  # of v2


# ----------------------------------------------------------------------- crowded videos


def thin_out(root) -> None:
    """v1: 2 people in 5 frames; v2: 2 in frames 0 and 1, one of them alone in frame 2: 5 / 3."""

    def last_is_alone(content):
        alone = [a for a in content["annotations"] if a["image_id"] == 20002 and a["track_id"]]
        content["annotations"] = [a for a in content["annotations"] if a not in alone]

    edit(root / "annotations" / "val" / "v2.json", last_is_alone)


def test_crowded_videos_alone(root):
    thin_out(root)
    options = dict(box_source="file", bbox_file="detections_val.json")  # those of v2 are no error
    assert build(root, crowd_size=5 / 3, **options).video_spans() == {"v1": range(5)}  # 2 people
    assert build(root, crowd_size=1.6).video_spans() == {"v1": range(5), "v2": range(5, 8)}
    # of the selected frames: frame 0 of v2 has 2 people again
    assert len(build(root, crowd_size=5 / 3, frames=(0, 1))) == 2


def test_no_crowded_video_is_an_error(root):
    with pytest.raises(ValueError, match=r"no video has more than 2 people .* of 2 has 2"):
        build(root, crowd_size=2)
