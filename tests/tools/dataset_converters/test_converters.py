"""The command lines of the converters; what they convert is tested with the library."""

import importlib.util
import json
from pathlib import Path

import pytest

from mmpose_temporal.datasets import read_video
from mmpose_temporal.testing import write_tiny_posetrack

TOOLS = Path(__file__).resolve().parents[3] / "tools/dataset_converters"


def load(name):
    spec = importlib.util.spec_from_file_location(name, TOOLS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def call(name, *arguments):
    return load(name).main([str(argument) for argument in arguments])


@pytest.fixture
def root(tmp_path):
    return write_tiny_posetrack(tmp_path / "tiny", videos={"000001_bonn_train": 2})


def test_posetrack18_to_17_and_back(root, tmp_path, capsys):
    notes = root / "annotations" / "val"
    assert call("posetrack18_to_posetrack17", notes, tmp_path / "17", "--quiet") == 0
    assert "converted: 1 videos, 2 frames, 4 people" in capsys.readouterr().out
    more = ("--images", root, "--quiet")
    assert call("posetrack17_to_posetrack18", tmp_path / "17", tmp_path / "18", *more) == 0
    assert read_video(tmp_path / "18" / "000001_bonn_train.json").frames[0].size == (64, 48)
    assert call("posetrack17_to_posetrack18", tmp_path / "17", tmp_path / "18", *more) == 2
    assert "pass --overwrite" in capsys.readouterr().err
    more = (*more, "--overwrite")
    assert call("posetrack17_to_posetrack18", tmp_path / "17", tmp_path / "18", *more) == 0


def test_posetrack21(root, tmp_path, capsys):
    notes = root / "annotations" / "val"
    assert call("posetrack21_to_posetrack18", notes, tmp_path / "18", "--quiet") == 0
    assert "converted: 1 videos, 2 frames, 4 people" in capsys.readouterr().out


def test_stills(tmp_path, capsys):
    person = dict(image="5.jpg", joints=[[1, 1]] * 16, joints_vis=[1] * 16)
    (tmp_path / "mpii.json").write_text(json.dumps([person]))
    assert call("mpii_to_posetrack", tmp_path / "mpii.json", tmp_path / "a.json", "--quiet") == 0
    assert "converted: 1 images, 1 people" in capsys.readouterr().out
    (tmp_path / "coco.json").write_text(json.dumps(dict(images=[], annotations=[])))
    arguments = (tmp_path / "coco.json", tmp_path / "b.json", "--image-folder", "x", "--quiet")
    assert call("coco_to_posetrack", *arguments) == 2
    assert "it needs the lists images, annotations, categories" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("format", "file"),
    [
        ("mot", "000001_bonn_train.txt"),
        ("csv", "000001_bonn_train.csv"),
        ("npz", "000001_bonn_train.npz"),
        ("posetrack17", "000001_bonn_train.json"),
        ("coco", ""),
    ],
)
def test_exports(format, file, root, tmp_path, capsys):
    out = tmp_path / "out.json" if format == "coco" else tmp_path / "out"
    notes = root / "annotations" / "val"
    assert call("export_tracks", notes, out, "--format", format, "--quiet") == 0
    assert (out / file).is_file()
    printed = capsys.readouterr().out
    assert "1 videos, 2 frames, 4 people" in printed
    assert "lost" in printed or "no frames without people" in printed or "no rows" in printed


def test_check(root, capsys):
    assert call("check_posetrack", root, "--split", "val", "--quiet") == 0
    assert "nothing is wrong" in capsys.readouterr().out
    (root / "images/val/000001_bonn_train/000001.png").unlink()
    assert call("check_posetrack", root, "--quiet") == 1
    assert "val: 1 x missing images" in capsys.readouterr().out
    assert call("check_posetrack", root, "--no-images", "--quiet") == 0
    assert call("check_posetrack", root, "--split", "test", "--quiet") == 2


def test_no_gpu(root, monkeypatch, capsys):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert call("detect_people", "c.py", "w.pth", root, root / "o.json", "--device", "cuda") == 2
    assert "there is no GPU here" in capsys.readouterr().err
