"""Files beside videos that are none, by their content."""

import json

import pytest

from mmpose_temporal.posetrack import load_videos
from mmpose_temporal.posetrack.other_files import list_videos, other_content
from mmpose_temporal.testing import two_people_file

DETECTION = {"image_id": 7, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}
RESULTS = "detections or COCO results"
FIGURES = "figures or settings"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (json.dumps([DETECTION]), RESULTS),
        (f"\ufeff\n [\n {json.dumps(DETECTION)}]", RESULTS),
        ("[]", RESULTS),
        (json.dumps({"posetrack/AP": 71.5, "posetrack/MOTA": None}), FIGURES),
        (
            json.dumps({"total": {"AP": 71.5}, "videos": {"v": {"AP": 71.5}}, "joints": ["a"]}),
            FIGURES,
        ),
        ('{"lr": 0.1, "iter": 1}\n{"lr": 0.1, "iter": 2}\n', "JSON lines"),
        ('{"AP": 1, "record": {"data": {"annotations": "val"}, "evaluations": [{}]}}', FIGURES),
        # read as videos, so that the reader says what is wrong
        (json.dumps(two_people_file("v")), None),
        (json.dumps({"annolist": []}), None),
        (json.dumps({"image": [{"id": 1}], "annotation": []}), None),
        (json.dumps([{"frame_id": 0, "instances": []}]), None),
        (json.dumps([1, 2]), None),
        ('{"images": [', None),
        ('{"imag', None),
        ('{"images": {}, "annotations": 7}', None),
        ("{}", None),
        ("", None),
        ("<html>", None),
        ("[" * 100_000, None),
    ],
)
def test_content(tmp_path, text, expected):
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    assert other_content(path) == expected


def test_unreadable(tmp_path):
    assert other_content(tmp_path / "absent.json") is None
    (tmp_path / "x.json").write_bytes(b'{"a": "\xff"}')
    assert other_content(tmp_path / "x.json") is None


def test_other_files_are_no_videos(tmp_path):
    (tmp_path / "figures.json").write_text('{"AP": 1}')
    with pytest.raises(FileNotFoundError, match=r"no annotation file .* figures\.json: figures"):
        load_videos(tmp_path)
    (tmp_path / "v.json").write_text(json.dumps(two_people_file("v")))
    (tmp_path / "boxes.json").write_text(json.dumps([DETECTION]))
    assert [video.video_id for video in load_videos(tmp_path)] == ["v"]
    listing = list_videos(tmp_path)
    assert listing.reasons == [f"boxes.json: {RESULTS}", f"figures.json: {FIGURES}"]
    (tmp_path / "w.json").write_text('{"images": [')  # a broken video is not left out
    with pytest.raises(ValueError, match=r"w\.json is not valid JSON"):
        load_videos(tmp_path)
