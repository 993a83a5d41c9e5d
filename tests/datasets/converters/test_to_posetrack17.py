"""Predictions as PoseTrack17 json; the way there and back is in test_posetrack17.py."""

import json

import pytest

from mmpose_temporal.datasets.converters import ConversionReport, posetrack18_to_17
from mmpose_temporal.testing import write_tiny_posetrack


def test_predictions(tmp_path):
    root = write_tiny_posetrack(tmp_path / "tiny", videos={"000001_bonn_train": 1}, people=1)
    source = root / "annotations" / "val" / "000001_bonn_train.json"
    content = json.loads(source.read_text())
    content["annotations"][0]["scores"] = [i / 16 for i in range(17)]
    content["annotations"][0]["score"] = 0.5
    content["annotations"][0]["keypoints"][3 * 3 : 3 * 3 + 3] = [1, 2, 1]  # the left ear
    content["annotations"][0]["track_id"] = 4321
    source.write_text(json.dumps(content))
    report = ConversionReport()
    (entry,) = posetrack18_to_17(source, report)["annolist"]
    (rect,) = entry["annorect"]
    assert rect["score"] == [0.5]
    assert rect["track_id"] == [0]  # 4321 is above PoseTrack17's 999
    assert "4321, above 999" in str(report)
    assert report.left_out["ears (PoseTrack17 has none)"] == 1
    joints = {p["id"][0]: p for p in rect["annopoints"][0]["point"]}
    assert len(joints) == 15
    assert joints[13]["score"] == [0.0] and joints[0]["score"] == [1.0]  # nose 0, r. ankle 16
    assert "is_visible" not in joints[0]


def test_too_many_tracks(tmp_path):
    root = write_tiny_posetrack(tmp_path / "tiny", videos={"000001_bonn_train": 501})
    source = root / "annotations" / "val" / "000001_bonn_train.json"
    content = json.loads(source.read_text())
    for number, person in enumerate(content["annotations"]):
        person["track_id"] = number  # 501 frames of two people: 1002 tracks
    source.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="has 1002 tracks; PoseTrack17 allows 1000"):
        posetrack18_to_17(source, ConversionReport())


def test_broken_input(tmp_path):
    (tmp_path / "v.json").write_text('{"annolist": []}')
    with pytest.raises(ValueError, match="not in the PoseTrack18 layout"):
        posetrack18_to_17(tmp_path / "v.json", ConversionReport())
