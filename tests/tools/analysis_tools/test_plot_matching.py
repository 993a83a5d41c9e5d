"""The command's pictures and its complaints."""

import importlib.util
import sys
from pathlib import Path

import cv2
import pytest
import torch

from mmpose_temporal.models import PoseEntailment
from mmpose_temporal.testing import write_tiny_posetrack
from mmpose_temporal.utils.training_mark import mark_as_trained

ROOT = Path(__file__).resolve().parents[3]
ENTAILMENT = "configs/keytrack/posetrack18/keytrack_tx4-128_1xb32-25e_posetrack18-24x18.py"
SHIPPED = "configs/keytrack/keytrack-tracker.py"


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Calls the tool on a small video; status, what it printed and what it complained of."""
    path = ROOT / "tools" / "analysis_tools" / "plot_matching.py"
    spec = importlib.util.spec_from_file_location("plot_matching", path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    write_tiny_posetrack(tmp_path / "data")
    poses = tmp_path / "data" / "annotations" / "val"

    similarity = PoseEntailment()
    mark_as_trained(similarity)
    names = similarity.state_dict().items()
    weights = {f"association.similarity.{name}": value for name, value in names}
    torch.save(weights, tmp_path / "weights.pth")

    def call(config, *arguments, out="a.png", frame=3, video="v1"):
        arguments = [ROOT / config, poses, "--video", video, "--frame", frame, *arguments]
        arguments += ["--out", tmp_path / out]
        if config == ENTAILMENT:
            arguments += ["--checkpoint", tmp_path / "weights.pth"]
        monkeypatch.setattr(sys, "argv", ["plot_matching.py", *map(str, arguments)])
        status = tool.main()
        return (status, *capsys.readouterr())

    return call


def test_scores_and_attention(run, tmp_path):
    images = tmp_path / "data"
    status, printed, error = run(ENTAILMENT, "--layers", 0, 3, "--heads", 2, "--images", images)
    assert (status, error) == (0, "")
    for name in ("a.png", "a-attention.png"):
        height, width, _ = cv2.imread(str(tmp_path / name)).shape
        assert f"{name}: {width} x {height} pixels" in printed


def test_scores_of_the_shipped_matcher(run, tmp_path):
    assert run(SHIPPED)[::2] == (0, "")
    assert [path.name for path in tmp_path.glob("*.png")] == ["a.png"]


def test_bad_input(run, tmp_path):
    for arguments, options, message in (
        (["--heads", 4], {}, "--heads must be 0 to 3, got [4]"),
        (["--pair", 0, 6], {}, "--pair must be below (2, 6), got [0, 6]"),
        ([], dict(frame=0), "2 people and 0 remembered poses"),
        ([], dict(frame=9), "frames 0 to 4, got 9"),
        ([], dict(video="none"), "none"),
        ([], dict(out="a.txt"), "written as .png or .jpg"),
    ):
        status, _, error = run(ENTAILMENT, *arguments, **options)
        assert status == 2 and message in error
    assert "compares by TrackEntailment" in run(SHIPPED, "--layers", 0)[2]
    assert not list(tmp_path.glob("*.png"))
