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
    tiny_ptm_config,
    tiny_test_config,
    tiny_tracker_config,
    write_tiny_posetrack,
)
from mmpose_temporal.utils.training_mark import mark_as_trained

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Calls the tool on a small video; status, what it printed and what it complained of."""
    path = ROOT / "tools" / "analysis_tools" / "plot_ptm.py"
    spec = importlib.util.spec_from_file_location("plot_ptm", path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    write_tiny_posetrack(tmp_path, videos=dict(v1=5))
    model = tiny_ptm_config()
    torch.manual_seed(0)
    tracker = MODELS.build(model)
    mark_as_trained(tracker)
    torch.save(tracker.state_dict(), tmp_path / "weights.pth")
    MMLogger._instance_dict.clear()  # the log of this building is not the tool's

    def call(*arguments, model=model, checkpoint="weights.pth", video="v1", frame=3, out="a.png"):
        settings = tiny_test_config(tmp_path, tmp_path, model=model)
        lines = [f"{name} = {value!r}" for name, value in settings.items()]
        (tmp_path / "config.py").write_text("\n".join(lines))
        arguments = ["--video", video, "--frame", frame, "--out", tmp_path / out, *arguments]
        arguments = [tmp_path / "config.py", tmp_path / checkpoint, *arguments]
        arguments = ["plot_ptm.py", *map(str, arguments), "--device", "cpu"]
        monkeypatch.setattr(sys, "argv", arguments)
        status = tool.main()
        return (status, *capsys.readouterr())

    return call


def test_both_pictures(run, tmp_path) -> None:
    status, printed, error = run()
    assert (status, error) == (0, "")
    for name in ("a", "a-quality"):
        height, width, _ = cv2.imread(str(tmp_path / f"{name}.png")).shape
        assert f"{name}.png: {width} x {height} pixels; " in printed
    assert "vanilla attention, mean of the heads, 3 entries" in printed
    assert "4 of 4 frames with id 0 stored, " in printed


def test_the_person_the_point_and_the_head(run) -> None:
    """Person 1 has the box 26 to 38, 6 to 38 in frame 3."""
    for keypoint in ("right_knee", 14):
        status, printed, _ = run("--track", 1, "--keypoint", keypoint, "--overwrite")
        assert status == 0 and "id 1, right_knee (quality " in printed
    status, printed, _ = run("--point", 30, 20.5, "--head", 1, "--overwrite")
    assert status == 0 and "id 1, (30, 20.5): vanilla attention, head 1" in printed
    status, printed, _ = run("--overwrite", "--cfg-options", "model.estimator.neck.attention=coda")
    assert status == 0 and "CoDA" in printed


def test_bad_input(run, tmp_path) -> None:
    other = tiny_tracker_config()
    torch.save(MODELS.build(other).state_dict(), tmp_path / "other.pth")
    for arguments, options, message in (
        ([], dict(video="v9"), "has no video v9"),
        ([], dict(frame=5), "frames 0 to 4, there is no 5"),
        ([], dict(frame=0), "nobody has read anything in frame 0"),
        (["--track", 7], {}, "no person in frame 3 has the track id 7; there are 0, 1"),
        (["--keypoint", "knee"], {}, "no keypoint is called knee; there are nose,"),
        (["--keypoint", 17], {}, "keypoints are 0 to 16, there is no 17"),
        (["--point", 60, 2], {}, "the point (60.0, 2.0) lies in nobody's box in frame 3"),
        (["--point", 60, 2, "--track", 0], {}, "outside of the person's crop"),
        (["--head", 2], {}, "--head must be 0 to 1, got 2"),
        ([], dict(out="a.txt"), "written as .png or .jpg"),
        ([], dict(checkpoint="none.pth"), "none.pth"),
        (["--cfg-options", "model.estimator.neck.embed_channels=8"], {}, "architecture"),
        ([], dict(model=other, checkpoint="other.pth"), "must have a memory"),
    ):
        status, _, error = run(*arguments, **options)
        assert status == 2 and message in error, error
        assert error.startswith("plot_ptm.py: error: ") and error.count("\n") == 1
    assert not list(tmp_path.glob("*.png"))


def test_an_unreadable_frame(run, tmp_path) -> None:
    (tmp_path / "images/val/v1/000003.png").write_bytes(b"broken")
    status, _, error = run()
    assert status == 2 and "000003.png" in error and error.count("\n") == 1
