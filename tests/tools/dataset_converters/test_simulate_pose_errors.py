"""The command line of the simulated pose errors."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from mmpose_temporal.testing import write_tiny_posetrack

TOOL = Path(__file__).resolve().parents[3] / "tools/dataset_converters/simulate_pose_errors.py"
EXACT = ["--jitter=0", "--missed=0", "--duplicated=0", "--false-positives=0", "--displaced=0"]


def run(monkeypatch, *arguments) -> int:
    spec = importlib.util.spec_from_file_location("simulate_pose_errors", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "argv", ["tool", *map(str, arguments)])
    return module.main()


@pytest.fixture
def annotations(tmp_path) -> Path:
    return write_tiny_posetrack(tmp_path / "data") / "annotations" / "val"


def test_files_and_report(monkeypatch, capsys, tmp_path, annotations):
    out = tmp_path / "out"
    assert run(monkeypatch, annotations, out, *EXACT, "--unscored", "--frame-step", 2) == 0
    # two people in frames 0, 2, 4 of v1 and 0, 2 of v2
    assert "10 poses for 10 annotated people in 5 frames of 2 videos" in capsys.readouterr().out
    for name in ("v1.json", "v2.json"):
        truth = json.loads((out / "truth" / name).read_text())
        poses = json.loads((out / "poses" / name).read_text())
        assert [i["id"] for i in truth["images"]] == [i["id"] for i in poses["images"]]
        assert {s for a in poses["annotations"] for s in a["scores"]} == {0, 1}  # no ears


def test_every_rate_is_an_option(monkeypatch, tmp_path, annotations):
    out = tmp_path / "out"
    assert run(monkeypatch, annotations, out, *EXACT, "--missed=1", "--scores", 0.2, 0.3) == 0
    assert not json.loads((out / "poses" / "v1.json").read_text())["annotations"]
    assert run(monkeypatch, annotations, out, *EXACT, "--scores", 0.2, 0.3) == 2  # are there
    options = (*EXACT, "--scores", 0.2, 0.3, "--overwrite")
    assert run(monkeypatch, annotations, out, *options) == 0
    content = json.loads((out / "poses" / "v1.json").read_text())
    scores = [s for a in content["annotations"] for s in a["scores"] if s > 0]
    assert len(scores) == 10 * 15 and 0.2 <= min(scores) < max(scores) <= 0.3


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--missed=1.5"], "missed must be in [0, 1], got 1.5"),
        (["--scores", "0.9", "0.1"], "scores must be 0 < low <= high <= 1"),
        (["--frame-step", "0"], "frame_step must be 1 or more"),
    ],
)
def test_bad_arguments(monkeypatch, capsys, tmp_path, annotations, arguments, text):
    assert run(monkeypatch, annotations, tmp_path / "out", *arguments) == 2
    assert text in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_no_annotations(monkeypatch, capsys, tmp_path):
    assert run(monkeypatch, tmp_path / "nowhere", tmp_path / "out") == 2
    assert "nowhere is no folder" in capsys.readouterr().err
