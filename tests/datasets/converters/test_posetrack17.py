"""PoseTrack17 files made here, in mat and json, with numbers that can be followed."""

import json

import numpy as np
import pytest
from scipy.io import savemat

from mmpose_temporal.datasets import read_video
from mmpose_temporal.datasets.converters import (
    ConversionReport,
    convert_from_posetrack17,
    convert_to_posetrack17,
    posetrack17_to_18,
)
from mmpose_temporal.posetrack.fields import structs
from mmpose_temporal.structures import KEYPOINT_NAMES, POSETRACK17_JOINTS
from mmpose_temporal.testing import write_tiny_posetrack

JOINT = KEYPOINT_NAMES.index


def point(joint, x, y, **more):
    return {"id": [joint], "x": [x], "y": [y]} | {k: [v] for k, v in more.items()}


def person(track_id, points, head=(10, 20, 30, 50)):
    corners = dict(zip(("x1", "y1", "x2", "y2"), ([c] for c in head), strict=True))
    return corners | {"track_id": [track_id], "annopoints": [{"point": points}]}


def frame(number, people, **more):
    name = f"images/bonn_5sec/000342_mpii/{number:08d}.jpg"
    return {"image": [{"name": name}], "imgnum": [number], "annorect": people} | more


def annolist():
    all_joints = [point(i, 100 + 10 * i, 200 + i, is_visible=i % 2) for i in range(15)]
    region = {"point": [{"x": [x], "y": [y]} for x, y in ((0, 0), (5, 0), (5, 8))]}
    return [
        frame(1, [person(3, all_joints)], is_labeled=[1], ignore_regions=[region]),
        frame(2, [], is_labeled=[0]),
        frame(3, [person(3, all_joints[:2]), person(4, [])], is_labeled=[1]),
    ]


@pytest.fixture
def json_file(tmp_path):
    path = tmp_path / "17" / "00342_mpii_relpath_5sec_testsub.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"annolist": annolist()}))
    return path


def matlab(value):
    """Lists of records as struct arrays, wrapped numbers as numbers."""
    if isinstance(value, list):
        if not value:
            return np.zeros((0, 0))
        if not isinstance(value[0], dict):
            return float(value[0])
        names = list(dict.fromkeys(name for record in value for name in record))
        rows = np.empty((1, len(value)), [(name, object) for name in names])
        for index, record in enumerate(value):
            for name in names:
                rows[0, index][name] = matlab(record.get(name, []))
        return rows
    return value


@pytest.fixture
def mat_file(tmp_path):
    path = tmp_path / "17mat" / "00342_mpii_relpath_5sec_testsub.mat"
    path.parent.mkdir()
    savemat(path, {"annolist": matlab(annolist())})
    return path


def test_joint_ids():
    # The ids are those of the evaluation's own table: feet first, head last.
    assert POSETRACK17_JOINTS[0] == "right_ankle" and POSETRACK17_JOINTS[5] == "left_ankle"
    assert POSETRACK17_JOINTS[12:] == ("head_bottom", "nose", "head_top")
    assert sorted([*POSETRACK17_JOINTS, "left_ear", "right_ear"]) == sorted(KEYPOINT_NAMES)


@pytest.mark.parametrize("kind", ["json_file", "mat_file"])
def test_into_the_18_layout(kind, request, tmp_path):
    source = request.getfixturevalue(kind)
    report = convert_from_posetrack17(source.parent, tmp_path / "18")
    assert report.converted == {"videos": 1, "frames": 3, "people": 2}
    assert report.left_out == {"people without joints": 1}  # track 4 in the last frame
    video = read_video(tmp_path / "18" / f"{source.stem}.json")
    # T = 1 for mpii, sequence 000342, frame 1: 1 000342 0001.
    assert [f.image_id for f in video.frames] == [10003420001, 10003420002, 10003420003]
    assert [f.is_labeled for f in video.frames] == [True, False, True]
    first = video.frames[0]
    assert first.file_name == "images/bonn_5sec/000342_mpii/00000001.jpg"
    np.testing.assert_array_equal(first.ignore_regions[0], [[0, 0], [5, 0], [5, 8]])
    (one,) = first.people
    assert one.track_id == 3
    np.testing.assert_array_equal(one.head_box, [10, 20, 30, 50])
    np.testing.assert_array_equal(one.keypoints[JOINT("right_ankle")], [100, 200, 1])
    np.testing.assert_array_equal(one.keypoints[JOINT("nose")], [230, 213, 1])  # id 13
    np.testing.assert_array_equal(one.keypoints[JOINT("head_top")], [240, 214, 1])  # id 14
    np.testing.assert_array_equal(one.keypoints[JOINT("left_ear")], [0, 0, 0])
    # x from 100 to 240, y from 200 to 214, 15 % more a side: 21 and 2.1 pixels.
    np.testing.assert_allclose(one.box, [79, 197.9, 261, 216.1], rtol=1e-6)
    content = json.loads((tmp_path / "18" / f"{source.stem}.json").read_text())
    assert content["images"][0]["vid_id"] == "000342"
    assert content["images"][0]["nframes"] == 3
    visible = content["annotations"][0]["keypoints_is_visible"]
    assert visible[JOINT("right_ankle")] == 0 and visible[JOINT("right_knee")] == 1
    assert visible[JOINT("left_ear")] == -1


def test_there_and_back(json_file, tmp_path):
    convert_from_posetrack17(json_file, tmp_path / "18")
    report = convert_to_posetrack17(tmp_path / "18", tmp_path / "back")
    assert report.left_out["ears (PoseTrack17 has none)"] == 0
    back = json.loads((tmp_path / "back" / json_file.name).read_text())["annolist"]
    expected = annolist()
    expected[2]["annorect"].pop()  # the person without joints
    for one, other in zip(back, expected, strict=True):
        for key in ("image", "imgnum", "is_labeled"):
            assert one[key] == other[key]
        assert one.get("ignore_regions") == other.get("ignore_regions")
        for a, b in zip(one["annorect"], other["annorect"], strict=True):
            assert a == b


def test_back_and_there(tmp_path):
    """The tiny set has no ears and whole head boxes; only boxes and names of videos change."""
    root = write_tiny_posetrack(tmp_path / "tiny", videos={"000001_bonn_train": 3})
    source = root / "annotations" / "val" / "000001_bonn_train.json"
    convert_to_posetrack17(source, tmp_path / "17")
    convert_from_posetrack17(tmp_path / "17", tmp_path / "18", image_root=root)
    first, second = read_video(source), read_video(tmp_path / "18" / source.name)
    assert [f.file_name for f in first.frames] == [f.file_name for f in second.frames]
    assert second.frames[0].size == (64, 48)
    assert second.frames[2].image_id == 20000010002  # bonn is source 2, frames from 0
    for one, other in zip(first.frames, second.frames, strict=True):
        for a, b in zip(one.people, other.people, strict=True):
            assert a.track_id == b.track_id
            np.testing.assert_array_equal(a.keypoints, b.keypoints)
            np.testing.assert_array_equal(a.head_box, b.head_box)


def break_frame(change):
    frames = annolist()
    change(frames)
    return frames


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f[0].pop("image"), "frame 0 .*'image' must be one record"),
        (
            lambda f: f[0]["image"][0].update(name="../../etc/000001_mpii/0001.jpg"),
            "leaves the data root",
        ),
        (lambda f: f[0]["image"][0].update(name="images/a/x.jpg"), "cannot be numbered"),
        (
            lambda f: f[0]["annorect"][0].pop("track_id"),
            "annorect 0: 'track_id' must be",
        ),
        (lambda f: f[0]["annorect"][0].pop("x2"), "annorect 0: 'x2' is missing"),
        (
            lambda f: f[0]["annorect"][0]["annopoints"][0]["point"][4].pop("y"),
            r"0001.jpg\), annorect 0, joint left_knee: 'y' is missing",
        ),
        (
            lambda f: f[0]["annorect"][0]["annopoints"][0]["point"][4].update(id=[15]),
            r"'id' 15 of a joint is not one of PoseTrack17's 0\.\.14",
        ),
        (
            lambda f: f[0]["annorect"][0]["annopoints"][0]["point"][4].update(id=[0]),
            "joint right_ankle stands twice",
        ),
        (lambda f: f[1].update(image=f[0]["image"]), "has the number of"),
        (lambda f: f.clear(), "lists no frames"),
    ],
)
def test_broken_frames(tmp_path, change, message):
    path = tmp_path / "v.json"
    path.write_text(json.dumps({"annolist": break_frame(change)}))
    with pytest.raises(ValueError, match=message):
        posetrack17_to_18(path, ConversionReport())


def test_files_that_are_something_else(tmp_path, json_file, mat_file):
    path = tmp_path / "v.json"
    path.write_text(json_file.read_text()[:200])
    with pytest.raises(ValueError, match=r"v\.json is not valid JSON \(truncated\?\)"):
        posetrack17_to_18(path, ConversionReport())
    path.write_text('{"images": []}')
    with pytest.raises(ValueError, match="not in the PoseTrack17 layout: no 'annolist'"):
        posetrack17_to_18(path, ConversionReport())
    mat = tmp_path / "v.mat"
    mat.write_bytes(mat_file.read_bytes()[:300])
    with pytest.raises(ValueError, match=r"v\.mat is not a readable \.mat file"):
        posetrack17_to_18(mat, ConversionReport())
    savemat(mat, {"other": 1.0})
    with pytest.raises(ValueError, match="has no variable 'annolist', only .'other'"):
        posetrack17_to_18(mat, ConversionReport())
    with pytest.raises(FileNotFoundError, match=r"image .*00000001\.jpg does not exist"):
        posetrack17_to_18(json_file, ConversionReport(), image_root=tmp_path)


def test_a_video_without_frames_is_not_converted_back(tmp_path):
    path = tmp_path / "v.json"
    path.write_text('{"images": [], "annotations": [], "categories": []}')
    with pytest.raises(ValueError, match=r"v\.json lists no frames"):
        convert_to_posetrack17(path, tmp_path / "17")
    assert not (tmp_path / "17").exists()


def test_a_name_that_gives_no_number_names_its_file(tmp_path, json_file):
    json_file.write_text(json_file.read_text().replace("mpii", "x"))
    with pytest.raises(ValueError, match=r"^.*\.json: image .* cannot be numbered"):
        convert_from_posetrack17(json_file, tmp_path / "18")


def test_folders(tmp_path, json_file):
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"no file \*.mat or \*.json in"):
        convert_from_posetrack17(tmp_path / "empty", tmp_path / "18")
    convert_from_posetrack17(json_file, tmp_path / "18")
    with pytest.raises(FileExistsError, match="exists; pass --overwrite to replace it"):
        convert_from_posetrack17(json_file, tmp_path / "18")
    assert convert_from_posetrack17(json_file, tmp_path / "18", overwrite=True)
    # A second file that cannot be read is left out and named.
    (json_file.parent / "z.json").write_text("{")
    report = convert_from_posetrack17(json_file.parent, tmp_path / "18", overwrite=True)
    assert report.converted["videos"] == 1 and "z.json is not valid JSON" in str(report)
    assert [p.name for p in (tmp_path / "18").iterdir()] == [json_file.name]
    # If all files are broken, the folder stays as it was.
    json_file.write_text("{")
    before = (tmp_path / "18" / json_file.name).stat().st_mtime_ns
    with pytest.raises(ValueError, match="none of the 2 files can be used; the first: .*JSON"):
        convert_from_posetrack17(json_file.parent, tmp_path / "18", overwrite=True)
    assert (tmp_path / "18" / json_file.name).stat().st_mtime_ns == before
    assert not list(tmp_path.glob(".*"))


def test_two_videos_of_one_number(json_file, tmp_path):
    """PoseTrack17 has 000044 in mpii_5sec and in bonn_5sec."""
    other = json.loads(json_file.read_text().replace("bonn_5sec", "mpii_5sec"))
    (json_file.parent / "z.json").write_text(json.dumps(other))
    report = convert_from_posetrack17(json_file.parent, tmp_path / "18")
    first = read_video(tmp_path / "18" / json_file.name)
    second = read_video(tmp_path / "18" / "z.json")
    assert [f.image_id for f in first.frames] == [10003420001, 10003420002, 10003420003]
    assert [f.image_id for f in second.frames] == [50003420001, 50003420002, 50003420003]
    assert first.frames[0].people[0].annotation_id == 10003420001000
    assert second.frames[0].people[0].annotation_id == 50003420001000
    assert "z.json: another video has its sequence number" in str(report)


def test_a_struct_without_fields():
    """Scipy's form of MATLAB's struct(), which an unlabelled frame may have as annorect."""
    empty = {"annorect": np.full((1, 1), None, object)}
    assert structs(empty, "annorect", "here") == []
    with pytest.raises(ValueError, match="here: 'annorect' must be a list of records"):
        structs({"annorect": np.ones((1, 1))}, "annorect", "here")


def test_a_name_with_both_endings(json_file):
    json_file.with_suffix(".mat").write_bytes(b"")
    with pytest.raises(ValueError, match="with two endings"):
        convert_from_posetrack17(json_file.parent, json_file.parent / "out")


def test_real_annotations_survive(real_data, tmp_path):
    source = real_data / "posetrack18_sample" / "annotations" / "val"
    convert_to_posetrack17(source, tmp_path / "17")
    report = convert_from_posetrack17(tmp_path / "17", tmp_path / "18")
    assert report.converted["videos"] == 3
    for path in sorted(source.glob("*.json")):
        one, other = read_video(path), read_video(tmp_path / "18" / path.name)
        for a, b in zip(one.frames, other.frames, strict=True):
            # Here the rule of the ids gives the official ones.
            assert (a.image_id, a.file_name) == (b.image_id, b.file_name)
            assert len(a.ignore_regions) == len(b.ignore_regions)
            for p, q in zip(a.ignore_regions, b.ignore_regions, strict=True):
                np.testing.assert_array_equal(p, q)
            people = [p for p in a.people if p.keypoints[:, 2].any()]
            for p, q in zip(people, b.people, strict=True):
                assert p.track_id == q.track_id
                np.testing.assert_array_equal(p.keypoints, q.keypoints)
                np.testing.assert_allclose(p.head_box, q.head_box, rtol=1e-6)
