"""What is read of files in both layouts; broken files."""

import numpy as np
import pytest

from mmpose_temporal.evaluation import evaluate_files, find_video_files, read_video_files
from mmpose_temporal.evaluation.functional import JOINT_NAMES
from mmpose_temporal.posetrack import read_video
from mmpose_temporal.structures import KEYPOINT_NAMES, SCORED_KEYPOINTS
from mmpose_temporal.testing import as_posetrack17, two_people_file, write_video_files

PERSON = [{"id": 1, "name": "person", "keypoints": list(KEYPOINT_NAMES)}]


def _pair(tmp_path, truth=None, predicted=None, name="000001"):
    predicted = predicted or two_people_file(name, predicted=True)
    return (
        write_video_files(tmp_path / "gt", {name: truth or two_people_file(name)}),
        write_video_files(tmp_path / "pred", {name: predicted}),
    )


def _read(folders, **options):
    return read_video_files(find_video_files(*folders)[0], **options)


@pytest.mark.parametrize("convert", [lambda document: document, as_posetrack17])
def test_what_is_read(tmp_path, convert):
    truth, predicted = two_people_file("000001"), two_people_file("000001", predicted=True)
    truth["images"][1]["ignore_regions_x"] = [[0.5, 9, 9]]
    truth["images"][1]["ignore_regions_y"] = [[0, 0, 9]]
    truth["images"][2]["is_labeled"] = False
    truth["annotations"] = truth["annotations"][:4]
    predicted["annotations"][0]["scores"][5] = 0.1 + 0.2
    video = _read(_pair(tmp_path, convert(truth), convert(predicted)))
    assert video.video_id == "000001"
    assert [len(frame.track_ids) for frame in video.ground_truth] == [2, 2, 0]
    assert [frame.labeled for frame in video.ground_truth] == [True, True, False]
    assert video.ground_truth[1].ignore_regions[0].tolist() == [[0.5, 0], [9, 0], [9, 9]]
    first = video.ground_truth[0]
    assert first.head_sizes.tolist() == [30, 30]
    assert first.visible[0].all()
    assert first.visible[1].tolist() == [False] + [True] * 14
    # person 1, right ankle (keypoint 16): 50 + 200 + 16
    assert first.keypoints[1, 14].tolist() == [266, 266]
    found = video.predictions[0]
    assert found.scores[0, JOINT_NAMES.index("left_shoulder")] == 0.1 + 0.2  # float64
    assert found.keypoints.dtype == np.float64
    assert found.track_ids.tolist() == [0, 1]


def test_joints_with_coordinates_and_no_visibility_are_there(tmp_path):
    truth = two_people_file("000001")
    points = np.array(truth["annotations"][0]["keypoints"]).reshape(17, 3)
    points[0, 2] = 0  # x, y not 0: poseval keeps the joint
    points[1] = [0, 0, 1]  # at the origin and visible: there
    points[2] = 0  # absent
    truth["annotations"][0]["keypoints"] = points.ravel().tolist()
    video = _read(_pair(tmp_path, truth))
    assert video.ground_truth[0].visible[0, :3].tolist() == [True, True, False]


def test_data_sets_and_files_differ_in_joints_without_visibility_only(tmp_path):
    truth = two_people_file("000001")
    folders = _pair(tmp_path, truth)

    def read():
        people = read_video(folders[0] / "000001.json").frames[0].people
        of_data_set = np.array([person.keypoints[SCORED_KEYPOINTS, 2] > 0 for person in people])
        return of_data_set, _read(folders).ground_truth[0].visible

    of_data_set, of_files = read()
    np.testing.assert_array_equal(of_data_set, of_files)
    assert of_files.sum() == 15 + 14  # person 1 lacks the nose
    truth["annotations"][0]["keypoints"][2] = 0  # the nose of person 0 keeps its x and y
    _pair(tmp_path, truth)
    of_data_set, of_files = read()
    assert np.argwhere(of_data_set != of_files).tolist() == [[0, 0]]
    assert of_files[0, 0]


def test_keypoints_in_another_order(tmp_path):
    predicted = two_people_file("000001", predicted=True)
    order = [*range(16, 4, -1), 2, 1, 0]  # 15 keypoints, as poseval takes them too
    predicted["categories"][0]["keypoints"] = [KEYPOINT_NAMES[index] for index in order]
    for record in predicted["annotations"]:
        points = np.array(record["keypoints"]).reshape(17, 3)[order]
        record |= {"keypoints": points.ravel().tolist(), "scores": [0.5] * 15}
    figures = evaluate_files(*_pair(tmp_path, None, predicted))
    assert figures.total.totals["AP"] == 100


def test_people_without_joints_of_the_17_layout(tmp_path):
    truth = as_posetrack17(two_people_file("000001"))
    # poseval drops such a person but scores its frame
    truth["annolist"][1]["annorect"] = [{"track_id": [0], "annopoints": []}]
    video = _read(_pair(tmp_path, truth))
    assert video.ground_truth[1].listed
    assert len(video.ground_truth[1].track_ids) == 0
    counts = evaluate_files(tmp_path / "gt", tmp_path / "pred", metrics=("AP",)).total
    assert counts.totals["AP"] < 100  # its two predictions are false positives


@pytest.mark.parametrize("convert", [lambda document: document, as_posetrack17])
@pytest.mark.parametrize("side", ["gt", "pred"])
def test_track_ids_beyond_64_bits(tmp_path, convert, side):
    truth, predicted = two_people_file("000001"), two_people_file("000001", predicted=True)
    people = (truth if side == "gt" else predicted)["annotations"]
    people[3]["track_id"] = 2**63 - 1
    folders = _pair(tmp_path, convert(truth), convert(predicted))
    assert evaluate_files(*folders, protocol="strict").total.totals["AP"] == 100
    for number in (2**63, -(2**63) - 1, 10**30, 1e30):
        people[3]["track_id"] = number
        folders = _pair(tmp_path, convert(truth), convert(predicted))
        message = (
            rf"{side}/000001\.json, frame 1 \(.*\), \w+ (2001|1): 'track_id' -?\d{{19,}} does"
        )
        with pytest.raises(ValueError, match=message):
            evaluate_files(*folders, protocol="strict")


@pytest.mark.parametrize("convert", [lambda document: document, as_posetrack17])
@pytest.mark.parametrize("empty", ["gt", "pred", "both"])
def test_files_without_images(tmp_path, convert, empty):
    nothing = {"images": [], "annotations": [], "categories": PERSON}
    truth = nothing if empty != "pred" else two_people_file("000001")
    predicted = nothing if empty != "gt" else two_people_file("000001", predicted=True)
    folders = _pair(tmp_path, convert(truth), convert(predicted))
    side = "pred" if empty == "pred" else "gt"
    with pytest.raises(ValueError, match=rf"{side}/000001\.json lists no frames"):
        evaluate_files(*folders)


def test_truncated(tmp_path):
    folders = _pair(tmp_path)
    path = folders[1] / "000001.json"
    path.write_text(path.read_text()[:-100])
    with pytest.raises(ValueError, match=r"000001\.json is not valid JSON \(truncated\?\)"):
        _read(folders)
    path.write_text("[1, 2]")
    with pytest.raises(ValueError, match="PoseTrack18 layout.*, nor in the PoseTrack17 layout"):
        _read(folders)


def _break(document, change):
    exec(change, {"d": document, "a": document["annotations"], "nan": float("nan")})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("a[3]['track_id'] = -1", r"annotation 2001: 'track_id' -1 is negative"),
        ("a[3]['track_id'] = 0", r"annotation 2000: 'track_id' 0 is repeated within the frame"),
        ("a[3]['track_id'] = 0.5", r"annotation 2001: 'track_id' must be an integer, got 0.5"),
        ("del a[3]['track_id']", r"annotation 2001: 'track_id' must be an integer, got None"),
        ("del a[3]['scores']", r"annotation 2001: 'scores' must hold 17 numbers, found none"),
        ("a[3]['scores'] = []", r"annotation 2001: 'scores' must hold 17 numbers, found 0"),
        ("a[3]['scores'][2] = nan", r"annotation 2001: 'scores' holds NaN"),
        ("a[3]['keypoints'][2] = nan", r"annotation 2001: 'keypoints' holds NaN"),
        ("a[3]['keypoints'][2] = 'x'", r"annotation 2001: 'keypoints' must be a list of numbers"),
        ("del a[3]['keypoints'][45:]", r"annotation 2001: 'keypoints' must hold 51 .* found 45"),
        (
            "del a[3]['keypoints']",
            r"annotation 2001: 'keypoints' must hold 51 numbers, found none",
        ),
        ("a[3]['category_id'] = 3", r"annotation 2001: 'category_id' is 3, not 1, a person"),
        ("a[3]['id'] = a[1]['id']", r"annotation 1001: 'id' 1001 stands twice"),
    ],
)
def test_broken_predictions(tmp_path, change, message):
    predicted = two_people_file("000001", predicted=True)
    _break(predicted, change)
    where = r"pred/000001\.json, frame 1 \(images/val/000001/000001\.jpg\), "
    with pytest.raises(ValueError, match=where + message):
        _read(_pair(tmp_path, None, predicted))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("del d['images'][2]; del a[4:]", r"has 2 frames, .*gt/000001\.json has 3"),
        ("a[3]['image_id'] = 7", r"annotation 2001: 'image_id' 7 is not listed"),
        ("d['images'][1]['id'] = 10; del a[2:4]", r"frame 1 .*'id' 10 stands twice"),
        ("d['images'][1]['vid_id'] = '8'", r"the frames of 2 videos .*vid_id 000001.*vid_id 8"),
        ("d['images'].reverse()", r"000001\.jpg is listed after .*000002\.jpg"),
        (
            "d['images'][2]['file_name'] = 'v/7.jpg'",
            r"the frames of 2 videos .*val/000001.*v \(vi",
        ),
        (
            "d['images'][2]['file_name'] = d['images'][2]['file_name'].replace('02', '03')",
            r"frame 2: the image is .*000003\.jpg, that of .*000002\.jpg",
        ),
        ("d['categories'][0]['name'] = 'dog'", r"one category 'person', found \['dog'\]"),
        ("d['categories'] *= 2", r"one category 'person', found \['person', 'person'\]"),
        ("d['categories'][0]['keypoints'][0] = 'eye'", r"missing: nose; not expected: eye"),
        ("d['categories'][0]['keypoints'].pop()", r"missing: right_ankle"),
        ("d['annotations'] = {}", r"'annotations' must be a list of records"),
    ],
)
def test_broken_prediction_files(tmp_path, change, message):
    predicted = two_people_file("000001", predicted=True)
    _break(predicted, change)
    with pytest.raises(ValueError, match=r"pred/000001\.json.*" + message):
        _read(_pair(tmp_path, None, predicted))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("del a[3]['bbox_head']", r"annotation 2001: 'bbox_head' must hold 4 numbers, found none"),
        ("a[3]['bbox_head'][1] = nan", r"annotation 2001: 'bbox_head' holds NaN"),
        (
            "d['images'][1]['ignore_regions_x'] = [[1]]",
            r"'ignore_regions_x' and .* must be two lists",
        ),
    ],
)
def test_broken_ground_truth(tmp_path, change, message):
    truth = two_people_file("000001")
    _break(truth, change)
    with pytest.raises(ValueError, match=r"gt/000001\.json, frame 1 \(.*\).*" + message):
        _read(_pair(tmp_path, truth))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("p['track_id'] = []", r"annorect 1: 'track_id' must be an integer, got \[\]"),
        (
            "del p['annopoints'][0]['point'][3]['score']",
            r"annorect 1, joint left_hip: 'score' is missing",
        ),
        (
            "p['annopoints'][0]['point'][3]['x'] = [nan]",
            r"annorect 1, joint left_hip: 'x' holds NaN or infinity",
        ),
        ("p['annopoints'][0]['point'][3]['id'] = [15]", r"annorect 1: 'id' 15 of a joint"),
        (
            "p['annopoints'][0]['point'][3]['id'] = [2]",
            r"annorect 1, .*hip stands twice",
        ),
        ("p['annopoints'] = 'x'", r"annorect 1: 'annopoints' must be a list of records"),
    ],
)
def test_broken_17_layout(tmp_path, change, message):
    predicted = as_posetrack17(two_people_file("000001", predicted=True))
    exec(change, {"p": predicted["annolist"][1]["annorect"][1], "nan": float("nan")})
    with pytest.raises(ValueError, match=r"pred/000001\.json, frame 1 \(.*jpg\), " + message):
        _read(_pair(tmp_path, None, predicted))


def test_17_layout_without_head_boxes(tmp_path):
    truth = as_posetrack17(two_people_file("000001"))
    del truth["annolist"][1]["annorect"][0]["x2"]
    with pytest.raises(ValueError, match=r"frame 1 .*annorect 0: 'x2' is missing"):
        _read(_pair(tmp_path, truth))


def test_annotations_in_place_of_predictions(tmp_path):
    predicted = two_people_file("000001", predicted=True)
    for index, person in enumerate(predicted["annotations"]):
        person["scores"] = None if index % 2 else []
    text = r"annotation 1000: 'scores' must hold 17 .* empty in the whole file, as in annotations"
    with pytest.raises(ValueError, match=r"pred/000001\.json, frame 0 .*, " + text):
        _read(_pair(tmp_path, None, predicted))
