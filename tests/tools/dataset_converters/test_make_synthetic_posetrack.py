"""The command line of the synthetic data set."""

import importlib.util
import json
import re
from pathlib import Path

import cv2
import pytest

TOOL = Path(__file__).resolve().parents[3] / "tools/dataset_converters/make_synthetic_posetrack.py"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("make_synthetic_posetrack", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _args(out, *more):
    size = ["--size", "160x120", "--people", "2-3", "--quiet"]
    return [str(out), "--videos", "2", "--frames", "3", *size, *more]


def test_a_tiny_set(tool, tmp_path, capsys):
    preview = tmp_path / "grid.PNG"
    more = ("--split", "train", "--detections", "0.05,0,0,0.5", "--preview", str(preview))
    assert tool.main(_args(tmp_path / "set", *more)) == 0
    printed = capsys.readouterr().out
    assert "2 videos, 6 frames" in printed
    merged = json.loads((tmp_path / "set/annotations/posetrack18_train.json").read_text())
    assert [image["file_name"] for image in merged["images"]][:2] == [
        "images/train/000001/000000.jpg",
        "images/train/000001/000001.jpg",
    ]
    boxes = json.loads((tmp_path / "set/annotations/train_detections.json").read_text())
    assert f"{len(boxes)} detections" in printed
    assert cv2.imread(str(preview)).shape == (2 * 180, 5 * 240, 3)
    assert preview.read_bytes().startswith(b"\x89PNG")

    assert tool.main(_args(tmp_path / "set", "--split", "train")) == 2
    assert "already holds the split" in capsys.readouterr().err
    assert tool.main(_args(tmp_path / "set", "--split", "train", "--overwrite")) == 0

    target = tmp_path / "again.json"
    source = str(tmp_path / "set/annotations/train")
    exact = ["--from-annotations", source, "--detections", "jitter=0", "--quiet"]
    assert tool.main([str(target), *exact]) == 0
    assert len(json.loads(target.read_text())) == len(merged["annotations"])
    assert tool.main([str(target), *exact]) == 2
    assert "exists; pass --overwrite" in capsys.readouterr().err


def test_hidden_joints(tool, tmp_path):
    more = ("--scene", "occluded", "--hidden", "--detections", "0.05,0,0,0.5")
    assert tool.main(_args(tmp_path / "set", *more)) == 0
    merged = json.loads((tmp_path / "set/annotations/posetrack18_val.json").read_text())
    hidden = [entry["keypoints_hidden"] for entry in merged["annotations"]]
    assert {len(row) for row in hidden} == {17} and sum(map(sum, hidden)) > 0
    assert json.loads((tmp_path / "set/annotations/val_detections.json").read_text())


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--people", "5-2"], "A <= B"),
        (["--people", "some"], "write the people as A-B"),
        (["--size", "480"], "write the size as WxH"),
        (["--split", "dev"], "invalid choice"),
        (["--scene", "space"], "invalid choice"),
        (["--preview", "grid.webp"], r"ends in \.jpg, \.jpeg, \.png, not grid\.webp"),
        (["--preview", "grid"], r"ends in \.jpg, \.jpeg, \.png, not grid"),
        (["--detections", "0.1,0.2"], "four numbers"),
        (["--detections", "0.1,1.2,0,0"], "miss must be in"),
        (["--detections", "jiter=0.1"], "the names are"),
        (["--detections", "a,b,c,d"], "could not convert"),
    ],
)
def test_bad_options(tool, tmp_path, capsys, arguments, text):
    with pytest.raises(SystemExit):
        tool.main([str(tmp_path / "out"), *arguments])
    error = capsys.readouterr().err
    assert re.search(text, error)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--size", "32x32"], "at least 64 pixels"),
        (["--frames", "0"], "num_frames"),
        (["--videos", "0"], "num_videos"),
        (["--workers", "0"], "workers"),
        (["--seed", "-4"], "negative"),
        (["--from-annotations", "x"], "needs --detections"),
        (["--from-annotations", "x", "--detections", "0,0,0,0"], ".json file to write"),
    ],
)
def test_bad_values(tool, tmp_path, capsys, arguments, text):
    assert tool.main([str(tmp_path / "out"), *arguments]) == 2
    assert text in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
