"""Reading and pairing files; the figures from files; broken files."""

import copy
import json
import os
from pathlib import Path

import numpy as np
import pytest

from mmpose_temporal.datasets.posetrack_json import read_video
from mmpose_temporal.evaluation import evaluate_files, find_video_files, read_video_files
from mmpose_temporal.evaluation.functional import JOINT_NAMES
from mmpose_temporal.evaluation.posetrack17_file import POSETRACK17_JOINTS
from mmpose_temporal.evaluation.posetrack_files import VideoFiles, default_workers
from mmpose_temporal.structures import KEYPOINT_NAMES, SCORED_KEYPOINTS

GOLDEN = sorted((Path(__file__).parents[1] / "data" / "poseval_golden").glob("*.json"))
PERSON = [{"id": 1, "name": "person", "keypoints": list(KEYPOINT_NAMES)}]


def _document(video, predicted=False, frames=3):
    """Two people, 200 pixels apart, head size 0.6 * 50; person 1 lacks the nose."""
    images = [
        {
            "id": 10 * (t + 1),
            "vid_id": video,
            "file_name": f"images/val/{video}/{t:06d}.jpg",
            "is_labeled": True,
            "ignore_regions_x": [],
            "ignore_regions_y": [],
        }
        for t in range(frames)
    ]
    annotations = []
    for t, image in enumerate(images):
        for person in range(2):
            points = np.full((17, 3), 1.0)
            points[:, :2] = 50 + 200 * person + np.arange(17)[:, None] + t
            points[[3, 4]] = 0
            if person == 1:
                points[0] = 0
            record = {
                "id": image["id"] * 100 + person,
                "image_id": image["id"],
                "track_id": person,
                "category_id": 1,
                "keypoints": points.ravel().tolist(),
            }
            record |= {"scores": [0.5] * 17} if predicted else {"bbox_head": [0, 0, 30, 40]}
            annotations.append(record)
    return {"images": images, "annotations": annotations, "categories": copy.deepcopy(PERSON)}


def _as_17(document):
    """The same in the PoseTrack17 layout."""
    frames = []
    for image in document["images"]:
        people = []
        for record in document["annotations"]:
            if record["image_id"] != image["id"]:
                continue
            points = np.array(record["keypoints"]).reshape(17, 3)
            joints = []
            for number, name in enumerate(POSETRACK17_JOINTS):
                index = KEYPOINT_NAMES.index(name)
                if points[index].any():
                    joints.append(
                        {"id": [number], "x": [points[index, 0]], "y": [points[index, 1]]}
                    )
                    if "scores" in record:
                        joints[-1]["score"] = [record["scores"][index]]
            person = {"track_id": [record["track_id"]], "annopoints": [{"point": joints}]}
            if "bbox_head" in record:
                x, y, w, h = record["bbox_head"]
                person |= {"x1": [x], "y1": [y], "x2": [x + w], "y2": [y + h]}
            people.append(person)
        frame = {"image": [{"name": image["file_name"]}], "annorect": people}
        if "is_labeled" in image:
            frame["is_labeled"] = [int(image["is_labeled"])]
        if image.get("ignore_regions_x"):
            both = zip(image["ignore_regions_x"], image["ignore_regions_y"], strict=True)
            frame["ignore_regions"] = [
                {"point": [{"x": [x], "y": [y]} for x, y in zip(xs, ys, strict=True)]}
                for xs, ys in both
            ]
        frames.append(frame)
    return {"annolist": frames}


def _write(folder, documents):
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document))
    return folder


def _pair(tmp_path, truth=None, predicted=None, name="000001"):
    return (
        _write(tmp_path / "gt", {name: truth or _document(name)}),
        _write(tmp_path / "pred", {name: predicted or _document(name, predicted=True)}),
    )


def _read(folders, **options):
    return read_video_files(find_video_files(*folders)[0], **options)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
@pytest.mark.parametrize("layouts", [(18, 18), (17, 18), (18, 17), (17, 17)])
def test_figures_from_files_equal_poseval(path, layouts, tmp_path):
    golden = json.loads(path.read_text())
    folders = []
    for side, layout in zip(("ground_truth", "predictions"), layouts, strict=True):
        documents = golden[side]
        for name, document in documents.items():
            document["categories"] = PERSON
            for t, image in enumerate(document["images"]):
                image["file_name"] = f"images/val/{name}/{t:06d}.jpg"
        if layout == 17:
            documents = {name: _as_17(document) for name, document in documents.items()}
        folders.append(_write(tmp_path / side, documents))
    figures = evaluate_files(*folders, metrics=("AP", "MOTA")).total
    reference = golden["poseval"]
    order = [reference["joints"].index(name) for name in JOINT_NAMES]
    for name, values in figures.per_joint.items():
        expected = np.array([np.nan if v is None else v for v in reference[name]], float)
        np.testing.assert_allclose(values, expected[order], rtol=0, atol=1e-6)
        np.testing.assert_allclose(figures.totals[name], expected[-1], rtol=0, atol=1e-6)
    assert figures.idsw == sum(reference["switches"])


@pytest.mark.parametrize("convert", [lambda document: document, _as_17])
def test_what_is_read(tmp_path, convert):
    truth, predicted = _document("000001"), _document("000001", predicted=True)
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
    truth = _document("000001")
    points = np.array(truth["annotations"][0]["keypoints"]).reshape(17, 3)
    points[0, 2] = 0  # x, y not 0: poseval keeps the joint
    points[1] = [0, 0, 1]  # at the origin and visible: there
    points[2] = 0  # absent
    truth["annotations"][0]["keypoints"] = points.ravel().tolist()
    video = _read(_pair(tmp_path, truth))
    assert video.ground_truth[0].visible[0, :3].tolist() == [True, True, False]


def test_data_sets_and_files_differ_in_joints_without_visibility_only(tmp_path):
    truth = _document("000001")
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
    predicted = _document("000001", predicted=True)
    order = [*range(16, 4, -1), 2, 1, 0]  # 15 keypoints, as poseval takes them too
    predicted["categories"][0]["keypoints"] = [KEYPOINT_NAMES[index] for index in order]
    for record in predicted["annotations"]:
        points = np.array(record["keypoints"]).reshape(17, 3)[order]
        record |= {"keypoints": points.ravel().tolist(), "scores": [0.5] * 15}
    figures = evaluate_files(*_pair(tmp_path, None, predicted))
    assert figures.total.totals["AP"] == 100


def test_people_without_joints_of_the_17_layout(tmp_path):
    truth = _as_17(_document("000001"))
    # poseval drops such a person but scores its frame
    truth["annolist"][1]["annorect"] = [{"track_id": [0], "annopoints": []}]
    video = _read(_pair(tmp_path, truth))
    assert video.ground_truth[1].listed
    assert len(video.ground_truth[1].track_ids) == 0
    counts = evaluate_files(tmp_path / "gt", tmp_path / "pred", metrics=("AP",)).total
    assert counts.totals["AP"] < 100  # its two predictions are false positives


def test_a_video_without_frames_of_people(tmp_path):
    predicted = _document("000001", predicted=True)
    predicted["annotations"] = []
    figures = evaluate_files(*_pair(tmp_path, None, predicted), protocol="strict")
    assert figures.total.totals["Recall"] == 0


def test_pairs(tmp_path):
    names = ["000002", "000001"]
    truth = _write(tmp_path / "gt", {name: _document(name) for name in names})
    predicted = _write(tmp_path / "pred", {name: _document(name, True) for name in names})
    found = find_video_files(truth, predicted)
    assert [pair.video_id for pair in found] == ["000001", "000002"]
    single = find_video_files(truth / "000001.json", predicted / "000002.json")
    assert [(p.video_id, p.predictions.name) for p in single] == [("000001", "000002.json")]
    with pytest.raises(ValueError, match="two folders or two files"):
        find_video_files(truth, predicted / "000001.json")
    with pytest.raises(FileNotFoundError, match="nowhere does not exist"):
        find_video_files(truth, tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="no JSON file"):
        find_video_files(tmp_path / "empty", predicted)


def test_pairs_by_vid_id(tmp_path):
    truth = _write(tmp_path / "gt", {"000001_mpii_test": _document("000001")})
    predicted = _write(tmp_path / "pred", {"000001": _document("000001", True)})
    [pair] = find_video_files(truth, predicted)
    assert (pair.video_id, pair.predictions.name) == ("000001_mpii_test", "000001.json")
    assert evaluate_files(truth, predicted).total.totals["AP"] == 100


def test_missing_and_extra_videos(tmp_path):
    documents = {name: _document(name) for name in ("000001", "000002")}
    truth = _write(tmp_path / "gt", documents)
    predicted = _write(tmp_path / "pred", {"000001": _document("000001", True)})
    with pytest.raises(ValueError, match=r"no predictions for 1 of 2 videos .*000002\.json"):
        find_video_files(truth, predicted)
    _write(predicted, {name: _document(name, True) for name in ("000002", "000009")})
    with pytest.raises(ValueError, match=r"that .* does not have: 000009\.json"):
        find_video_files(truth, predicted)


def test_figures_do_not_depend_on_the_workers(tmp_path):
    rng = np.random.default_rng(0)
    truth, predicted = {}, {}
    for name in ("000001", "000002", "000003"):
        truth[name], predicted[name] = _document(name), _document(name, True)
        for record in predicted[name]["annotations"]:
            points = np.array(record["keypoints"]).reshape(17, 3)
            points[:, :2] += rng.normal(0, 10, (17, 2)) * points[:, 2:]
            record |= {"keypoints": points.ravel().tolist(), "scores": rng.random(17).tolist()}
    folders = _write(tmp_path / "gt", truth), _write(tmp_path / "pred", predicted)
    one, two = (evaluate_files(*folders, workers=workers) for workers in (1, 2))
    assert one.total.as_dict() == two.total.as_dict()
    assert 0 < one.total.totals["AP"] < 100
    assert list(two.videos) == list(truth)
    alone = evaluate_files(*(folder / "000002.json" for folder in folders)).total
    assert alone.as_dict() == two.videos["000002"].as_dict()
    with pytest.raises(ValueError, match="workers must be 1 or more"):
        evaluate_files(*folders, workers=0)


def test_track_ids_of_ten_thousand(tmp_path):
    predicted = _document("000001", predicted=True)
    predicted["annotations"][3]["track_id"] = 10_000
    folders = _pair(tmp_path, None, predicted)
    with pytest.raises(
        ValueError,
        match=r"000001\.json, frame 1 \(.*000001\.jpg\), annotation 2001: 'track_id' 10000",
    ):
        evaluate_files(*folders)
    assert evaluate_files(*folders, protocol="strict").total.totals["AP"] == 100


@pytest.mark.parametrize("convert", [lambda document: document, _as_17])
@pytest.mark.parametrize("side", ["gt", "pred"])
def test_track_ids_beyond_64_bits(tmp_path, convert, side):
    truth, predicted = _document("000001"), _document("000001", predicted=True)
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


@pytest.mark.parametrize("convert", [lambda document: document, _as_17])
@pytest.mark.parametrize("empty", ["gt", "pred", "both"])
def test_files_without_images(tmp_path, convert, empty):
    nothing = {"images": [], "annotations": [], "categories": PERSON}
    truth = nothing if empty != "pred" else _document("000001")
    predicted = nothing if empty != "gt" else _document("000001", predicted=True)
    folders = _pair(tmp_path, convert(truth), convert(predicted))
    side = "pred" if empty == "pred" else "gt"
    with pytest.raises(ValueError, match=rf"{side}/000001\.json: '(images|annolist)' is empty"):
        evaluate_files(*folders)


def test_default_workers(tmp_path, monkeypatch):
    files = []
    for name in "abc":  # three videos of 10 MB each side, 60 MB
        pair = (tmp_path / f"{name}.gt", tmp_path / f"{name}.pred")
        for path in pair:
            with path.open("wb") as file:
                file.truncate(10_000_000)  # sparse: no disk is used
        files.append(VideoFiles(name, *pair))
    for cpus, videos, expected in ((1, 3, 1), (2, 3, 2), (8, 3, 3), (8, 2, 2), (8, 1, 1)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, n=cpus: range(n), raising=False)
        assert default_workers(files[:videos]) == expected  # 2 videos: 40 MB; 1 video: 20 MB
    for pair in files:
        os.truncate(pair.predictions, 500_000)  # 31.5 MB
    assert default_workers(files) == 1
    assert default_workers([]) == 1
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    os.truncate(files[0].predictions, 1_000_000)  # 32 MB
    assert default_workers(files) == 2


def test_truncated(tmp_path):
    folders = _pair(tmp_path)
    path = folders[1] / "000001.json"
    path.write_text(path.read_text()[:-100])
    with pytest.raises(ValueError, match=r"000001\.json is not valid JSON \(truncated\?\)"):
        _read(folders)
    path.write_text("[1, 2]")
    with pytest.raises(ValueError, match="in no PoseTrack layout"):
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
        ("a[3]['id'] = a[1]['id']", r"annotation 1001: 'id' must be .* no other annotation has"),
    ],
)
def test_broken_predictions(tmp_path, change, message):
    predicted = _document("000001", predicted=True)
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
        ("d['images'][1]['vid_id'] = '8'", r"'vid_id' names several videos \['000001', '8'\]"),
        ("d['images'].reverse()", r"frame 0: the image is .*000002\.jpg, that of .*000000\.jpg"),
        ("d['categories'][0]['name'] = 'dog'", r"one category 'person', found \['dog'\]"),
        ("d['categories'] *= 2", r"one category 'person', found \['person', 'person'\]"),
        ("d['categories'][0]['keypoints'][0] = 'eye'", r"lacks the keypoints nose"),
        ("d['categories'][0]['keypoints'].pop()", r"must name 17 \(or 15\) keypoints"),
        ("d['annotations'] = {}", r"'annotations' must be a list of records"),
    ],
)
def test_broken_prediction_files(tmp_path, change, message):
    predicted = _document("000001", predicted=True)
    _break(predicted, change)
    with pytest.raises(ValueError, match=r"pred/000001\.json.*" + message):
        _read(_pair(tmp_path, None, predicted))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("del a[3]['bbox_head']", r"annotation 2001: 'bbox_head' must hold 4 numbers, found none"),
        ("a[3]['bbox_head'][1] = nan", r"annotation 2001: 'bbox_head' holds NaN"),
        ("d['images'][1]['ignore_regions_x'] = [[1]]", r"'ignore_regions_x' and .* do not fit"),
        (
            "d['images'][1] |= dict(ignore_regions_x=[[1, 2]], ignore_regions_y=[[1, 2]])",
            r"'ignore_regions' holds a polygon of 2 x and 2 y",
        ),
    ],
)
def test_broken_ground_truth(tmp_path, change, message):
    truth = _document("000001")
    _break(truth, change)
    with pytest.raises(ValueError, match=r"gt/000001\.json, frame 1 \(.*\).*" + message):
        _read(_pair(tmp_path, truth))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("p['track_id'] = []", r"annorect 1: 'track_id' must be an integer, got \[\]"),
        (
            "del p['annopoints'][0]['point'][3]['score']",
            r"annorect 1: 'score' must hold 1 numbers",
        ),
        ("p['annopoints'][0]['point'][3]['x'] = [nan]", r"annorect 1: 'x' holds NaN"),
        ("p['annopoints'][0]['point'][3]['id'] = [15]", r"annorect 1: the 'id' of the joints"),
        ("p['annopoints'][0]['point'][3]['id'] = [2]", r"annorect 1: the 'id' of the joints"),
        ("p['annopoints'] = 'x'", r"annorect 1: 'annopoints' must be a list of one record"),
    ],
)
def test_broken_17_layout(tmp_path, change, message):
    predicted = _as_17(_document("000001", predicted=True))
    exec(change, {"p": predicted["annolist"][1]["annorect"][1], "nan": float("nan")})
    with pytest.raises(ValueError, match=r"pred/000001\.json, frame 1 \(.*jpg\), " + message):
        _read(_pair(tmp_path, None, predicted))


def test_17_layout_without_head_boxes(tmp_path):
    truth = _as_17(_document("000001"))
    del truth["annolist"][1]["annorect"][0]["x2"]
    with pytest.raises(ValueError, match=r"frame 1 .*annorect 0: 'x2' must hold 1 numbers"):
        _read(_pair(tmp_path, truth))


def test_real_annotations_against_themselves(real_data, tmp_path):
    truth = real_data / "multiperson_posetrack" / "annotations" / "val"
    if not truth.is_dir():
        pytest.skip(f"no annotations at {truth}")
    path = sorted(truth.glob("*.json"))[-1]
    document = json.loads(path.read_text())
    for record in document["annotations"]:
        record["scores"] = [1.0] * 17
    folder = _write(tmp_path, {path.stem: document})
    figures = evaluate_files(path, folder / path.name, joints="annotated").total
    for name in ("AP", "MOTA", "Precision", "Recall", "IDF1", "HOTA", "LocA"):
        assert figures.totals[name] == pytest.approx(100), name
    assert figures.idsw == figures.fragmentations == 0
    # the nose is never annotated, and never predicted either: AP 0
    everything = evaluate_files(path, folder / path.name).total
    assert everything.totals["AP"] == pytest.approx(100 * 14 / 15)
