"""Pairing files, the figures from files, and the processes that compute them."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from mmpose_temporal.evaluation import evaluate_files, find_video_files
from mmpose_temporal.evaluation.functional import JOINT_NAMES
from mmpose_temporal.evaluation.posetrack_files import default_workers
from mmpose_temporal.evaluation.video_files import VideoFiles
from mmpose_temporal.structures import KEYPOINT_NAMES
from mmpose_temporal.testing import as_posetrack17, two_people_file, write_video_files

GOLDEN = sorted((Path(__file__).parents[1] / "data" / "poseval_golden").glob("*.json"))
PERSON = [{"id": 1, "name": "person", "keypoints": list(KEYPOINT_NAMES)}]


def _pair(tmp_path, truth=None, predicted=None, name="000001"):
    predicted = predicted or two_people_file(name, predicted=True)
    return (
        write_video_files(tmp_path / "gt", {name: truth or two_people_file(name)}),
        write_video_files(tmp_path / "pred", {name: predicted}),
    )


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
            documents = {name: as_posetrack17(document) for name, document in documents.items()}
        folders.append(write_video_files(tmp_path / side, documents))
    figures = evaluate_files(*folders, metrics=("AP", "MOTA")).total
    reference = golden["poseval"]
    order = [reference["joints"].index(name) for name in JOINT_NAMES]
    for name, values in figures.per_joint.items():
        expected = np.array([np.nan if v is None else v for v in reference[name]], float)
        np.testing.assert_allclose(values, expected[order], rtol=0, atol=1e-6)
        np.testing.assert_allclose(figures.totals[name], expected[-1], rtol=0, atol=1e-6)
    assert figures.idsw == sum(reference["switches"])


def test_a_video_without_frames_of_people(tmp_path):
    predicted = two_people_file("000001", predicted=True)
    predicted["annotations"] = []
    figures = evaluate_files(*_pair(tmp_path, None, predicted), protocol="strict")
    assert figures.total.totals["Recall"] == 0


def test_pairs(tmp_path):
    names = ["000002", "000001"]
    truth = write_video_files(tmp_path / "gt", {name: two_people_file(name) for name in names})
    predicted = write_video_files(
        tmp_path / "pred", {name: two_people_file(name, True) for name in names}
    )
    found = find_video_files(truth, predicted)
    assert [pair.video_id for pair in found] == ["000001", "000002"]
    single = find_video_files(truth / "000001.json", predicted / "000002.json")
    assert [(p.video_id, p.predictions.name) for p in single] == [("000001", "000002.json")]
    with pytest.raises(ValueError, match="two folders or two files"):
        find_video_files(truth, predicted / "000001.json")
    with pytest.raises(FileNotFoundError, match="nowhere does not exist"):
        find_video_files(truth, tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="no annotation file"):
        find_video_files(tmp_path / "empty", predicted)


def test_pairs_by_vid_id(tmp_path):
    truth = write_video_files(tmp_path / "gt", {"000001_mpii_test": two_people_file("000001")})
    predicted = write_video_files(tmp_path / "pred", {"000001": two_people_file("000001", True)})
    [pair] = find_video_files(truth, predicted)
    assert (pair.video_id, pair.predictions.name) == ("000001_mpii_test", "000001.json")
    assert evaluate_files(truth, predicted).total.totals["AP"] == 100


def test_missing_and_extra_videos(tmp_path):
    documents = {name: two_people_file(name) for name in ("000001", "000002")}
    truth = write_video_files(tmp_path / "gt", documents)
    predicted = write_video_files(tmp_path / "pred", {"000001": two_people_file("000001", True)})
    with pytest.raises(ValueError, match=r"no predictions for 1 of 2 videos .*000002\.json"):
        find_video_files(truth, predicted)
    write_video_files(
        predicted, {name: two_people_file(name, True) for name in ("000002", "000009")}
    )
    with pytest.raises(ValueError, match=r"that .* does not have: 000009\.json"):
        find_video_files(truth, predicted)


def test_figures_do_not_depend_on_the_workers(tmp_path):
    rng = np.random.default_rng(0)
    truth, predicted = {}, {}
    for name in ("000001", "000002", "000003"):
        truth[name], predicted[name] = two_people_file(name), two_people_file(name, True)
        for record in predicted[name]["annotations"]:
            points = np.array(record["keypoints"]).reshape(17, 3)
            points[:, :2] += rng.normal(0, 10, (17, 2)) * points[:, 2:]
            record |= {"keypoints": points.ravel().tolist(), "scores": rng.random(17).tolist()}
    folders = (
        write_video_files(tmp_path / "gt", truth),
        write_video_files(tmp_path / "pred", predicted),
    )
    one, two = (evaluate_files(*folders, workers=workers) for workers in (1, 2))
    assert one.total.as_dict() == two.total.as_dict()
    assert 0 < one.total.totals["AP"] < 100
    assert list(two.videos) == list(truth)
    alone = evaluate_files(*(folder / "000002.json" for folder in folders)).total
    assert alone.as_dict() == two.videos["000002"].as_dict()
    with pytest.raises(ValueError, match="workers must be 1 or more"):
        evaluate_files(*folders, workers=0)


def test_track_ids_of_ten_thousand(tmp_path):
    predicted = two_people_file("000001", predicted=True)
    predicted["annotations"][3]["track_id"] = 10_000
    folders = _pair(tmp_path, None, predicted)
    with pytest.raises(
        ValueError,
        match=r"000001\.json, frame 1 \(.*000001\.jpg\), annotation 2001: 'track_id' 10000",
    ):
        evaluate_files(*folders)
    assert evaluate_files(*folders, protocol="strict").total.totals["AP"] == 100


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


def test_real_annotations_against_themselves(real_data, tmp_path):
    truth = real_data / "multiperson_posetrack" / "annotations" / "val"
    if not truth.is_dir():
        pytest.skip(f"no annotations at {truth}")
    path = sorted(truth.glob("*.json"))[-1]
    document = json.loads(path.read_text())
    for record in document["annotations"]:
        record["scores"] = [1.0] * 17
    folder = write_video_files(tmp_path, {path.stem: document})
    figures = evaluate_files(path, folder / path.name, joints="annotated").total
    for name in ("AP", "MOTA", "Precision", "Recall", "IDF1", "HOTA", "LocA"):
        assert figures.totals[name] == pytest.approx(100), name
    assert figures.idsw == figures.fragmentations == 0
    # the nose is never annotated, and never predicted either: AP 0
    everything = evaluate_files(path, folder / path.name).total
    assert everything.totals["AP"] == pytest.approx(100 * 14 / 15)


def test_broken_ground_truth_without_predictions_is_left_out(tmp_path):
    """A tracker that was run on the same folder wrote nothing for the broken file."""
    truth = write_video_files(tmp_path / "gt", {"000001_mpii": two_people_file("000001")})
    (truth / "000002.json").write_text("{")
    predicted = write_video_files(tmp_path / "pred", {"000001": two_people_file("000001", True)})
    figures = evaluate_files(truth, predicted)
    assert list(figures.videos) == ["000001_mpii"] and figures.total.totals["AP"] == 100
    assert list(figures.failed.errors) == [truth / "000002.json"]
    with pytest.raises(ValueError, match=r"000002\.json is not valid JSON"):
        find_video_files(truth, predicted)
    # nothing can be used: the error says why
    (truth / "000001_mpii.json").unlink()
    (predicted / "000001.json").unlink()
    (predicted / "000003.json").write_text("{")
    with pytest.raises(ValueError, match="that .* does not have: 000003"):
        evaluate_files(truth, predicted)


def _with_hidden(content, people=(0,), joint=5):
    """Mark the joint of some people as hidden."""
    for person in content["annotations"]:
        row = [int(k == joint and person["track_id"] in people) for k in range(17)]
        person["keypoints_hidden"] = row
    return content


def test_hidden_joints_of_files(tmp_path):
    truth, predicted = _with_hidden(two_people_file("000001")), two_people_file("000001", True)
    for person in predicted["annotations"][:2]:  # the two people of frame 0
        person["keypoints"][15] += 100  # the x of joint 5
    folders = _pair(tmp_path, truth, predicted)
    figures = evaluate_files(*folders, hidden_joints=True, joints="annotated")
    # One of the three hidden joints is wrong, and one of the three of person 1, which are seen.
    assert figures.total.totals["PCKh_hidden"] == pytest.approx(200 / 3)
    assert figures.total.totals["PCKh_seen"] == pytest.approx((14 * 100 + 200 / 3) / 15)
    assert figures.videos["000001"].totals["PCKh_hidden"] == pytest.approx(200 / 3)
    assert figures.record["protocol"]["metrics"][-1] == "hidden_joints"
    joints = figures.record["joints"]
    assert joints["left_shoulder"]["annotated_hidden"] == 3
    assert joints["right_shoulder"]["annotated_hidden"] == 0
    plain = evaluate_files(*folders, joints="annotated")
    assert "PCKh_hidden" not in plain.total.as_dict()
    assert "hidden_joints" not in plain.record["protocol"]["metrics"]
    assert "annotated_hidden" not in plain.record["joints"]["nose"]


def test_files_that_do_not_mark_hidden_joints(tmp_path):
    truth = _with_hidden(two_people_file("000001"))
    del truth["annotations"][3]["keypoints_hidden"]
    folders = _pair(tmp_path, truth)
    with pytest.raises(ValueError, match="does not say of every person which joints are hidden"):
        evaluate_files(*folders, hidden_joints=True)
    assert evaluate_files(*folders).total.totals["Recall"] > 0
    seventeen = write_video_files(tmp_path / "17", {"000001": as_posetrack17(truth)})
    with pytest.raises(ValueError, match="does not say of every person"):
        evaluate_files(seventeen, folders[1], hidden_joints=True)
