"""The command's pictures and its complaints, with a tiny tracker of random weights."""

import importlib.util
import sys
from pathlib import Path

import cv2
import pytest
import torch
from mmengine.logging import MMLogger
from mmpose.registry import MODELS

from mmpose_temporal.testing import (
    tiny_test_config,
    tiny_tkmr_config,
    tiny_tracker_config,
    write_tiny_posetrack,
)
from mmpose_temporal.utils.training_mark import mark_as_trained

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Calls the tool on a small video; status, what it printed and what it complained of."""
    path = ROOT / "tools" / "analysis_tools" / "plot_tkmr.py"
    spec = importlib.util.spec_from_file_location("plot_tkmr", path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    write_tiny_posetrack(tmp_path, videos=dict(v1=4))
    model = tiny_tkmr_config(refinement=dict(type="TemporalRefinement", tau=1))
    tracker = MODELS.build(model)
    mark_as_trained(tracker)
    torch.save(tracker.state_dict(), tmp_path / "weights.pth")
    MMLogger._instance_dict.clear()  # the log of this building is not the tool's

    def call(*arguments, model=model, checkpoint="weights.pth", video="v1", frame=2, out="a.png"):
        settings = tiny_test_config(tmp_path, tmp_path, model=model)
        lines = [f"{name} = {value!r}" for name, value in settings.items()]
        (tmp_path / "config.py").write_text("\n".join(lines))
        arguments = ["--video", video, "--frame", frame, "--out", tmp_path / out, *arguments]
        arguments = [tmp_path / "config.py", tmp_path / checkpoint, *arguments]
        arguments = ["plot_tkmr.py", *map(str, arguments), "--device", "cpu"]
        monkeypatch.setattr(sys, "argv", arguments)
        status = tool.main()
        return (status, *capsys.readouterr())

    return call


def test_both_pictures(run, tmp_path) -> None:
    """Frames of 64 x 48 are enlarged to 640 x 480, and 24 rows above and below."""
    status, printed, error = run()
    assert (status, error) == (0, "")
    assert cv2.imread(str(tmp_path / "a.png")).shape == (480 + 2 * 24, 2 * 640 + 6, 3)
    assert "ids in both frames, with Eq. 5: 0 (" in printed and ", 1 (" in printed
    # t - 1, t and t + 1 side by side
    height, width, _ = cv2.imread(str(tmp_path / "a-refinement.png")).shape
    assert width == 3 * 192 + 2 * 6
    assert f"a-refinement.png: {width} x {height} pixels; " in printed


def test_the_person_and_the_keypoint(run) -> None:
    for keypoint in ("right_knee", 14):
        status, printed, _ = run("--track", 1, "--keypoint", keypoint, "--overwrite")
        assert status == 0 and "right_knee of id 1: " in printed


def test_without_refinement(run, tmp_path) -> None:
    """The weights of refinement are left over."""
    settings = ["--cfg-options", "model.refinement=None"]
    status, printed, error = run(*settings)
    assert (status, error) == (0, "") and "refines nothing" in printed
    assert [path.name for path in tmp_path.glob("*.png")] == ["a.png"]
    assert "say whose refinement is drawn" in run("--track", 0, *settings, "--overwrite")[2]


def test_bad_input(run, tmp_path) -> None:
    other = tiny_tracker_config()
    for arguments, options, message in (
        ([], dict(video="v9"), "has no video v9"),
        ([], dict(frame=4), "frames 0 to 3, there is no 4"),
        ([], dict(frame=0), "frame 0 has no frame before it"),
        (["--track", 7], {}, "no person in frame 2 has the track id 7; there are 0, 1"),
        (["--keypoint", "knee"], {}, "no keypoint is called knee; there are nose,"),
        (["--keypoint", 17], {}, "keypoints are 0 to 16, there is no 17"),
        ([], dict(out="a.txt"), "written as .png or .jpg"),
        ([], dict(checkpoint="none.pth"), "none.pth"),
        ([], dict(checkpoint="config.py"), "config.py is no checkpoint"),
        (["--cfg-options", "model.estimator.matching_head.channels=4"], {}, "architecture"),
        (["--cfg-options", "model.box_score_thr=1.5"], {}, "must be in [0, 1]"),
        ([], dict(model=other), "must match by KeypointMatchingSimilarity (TKM), and does by IoU"),
    ):
        if "model" in options:
            torch.save(MODELS.build(other).state_dict(), tmp_path / "other.pth")
            options["checkpoint"] = "other.pth"
        status, _, error = run(*arguments, **options)
        assert status == 2 and message in error, error
        assert error.startswith("plot_tkmr.py: error: ") and error.count("\n") == 1
    assert not list(tmp_path.glob("*.png"))


def test_an_unreadable_frame(run, tmp_path) -> None:
    (tmp_path / "images/val/v1/000002.png").write_bytes(b"broken")
    status, _, error = run()
    assert status == 2 and "000002.png" in error and error.count("\n") == 1
