"""The command's figures and its complaints, with a tiny estimator of random weights."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest
import torch
from mmengine.logging import MMLogger
from mmpose.registry import MODELS

from mmpose_temporal.testing import (
    template_tracker_config,
    tiny_estimator_config,
    tiny_ptm_config,
    write_tiny_posetrack,
)

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Calls the tool on small videos; status, what it printed and what it complained of."""
    path = ROOT / "tools" / "analysis_tools" / "memory_thresholds.py"
    spec = importlib.util.spec_from_file_location("memory_thresholds", path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    write_tiny_posetrack(tmp_path, split="train", videos=dict(v1=5, v2=5))
    torch.manual_seed(0)
    torch.save(MODELS.build(tiny_estimator_config()).state_dict(), tmp_path / "weights.pth")
    MMLogger._instance_dict.clear()  # the log of this building is not the tool's

    def call(*arguments, model=None, checkpoint="weights.pth"):
        data = dict(
            type="PersonClipDataset", data_root=str(tmp_path), ann_file="annotations/train"
        )
        config = dict(model=model or tiny_ptm_config(), train_dataloader=dict(dataset=data))
        lines = [f"{name} = {value!r}" for name, value in config.items()]
        (tmp_path / "config.py").write_text("\n".join(lines))
        arguments = [tmp_path / "config.py", tmp_path / checkpoint, *arguments]
        arguments = ["memory_thresholds.py", *map(str, arguments), "--device", "cpu", "--quiet"]
        monkeypatch.setattr(sys, "argv", arguments)
        status = tool.main()
        return (status, *capsys.readouterr())

    return call


def test_figures(run, tmp_path) -> None:
    out = tmp_path / "a.json"
    status, printed, error = run("--out", out, "--precision", 0.01, "--replaced-right", 0.99)
    assert (status, error) == (0, "")
    assert "20 people of " in printed and "blur of 11 cells" in printed
    found = json.loads(out.read_text())
    assert found["people"] == 20 and found["keypoints"] == 17 and found["precision"] == 0.01
    counts = {name: group["count"] for name, group in found["distributions"].items()}
    assert counts["not annotated"] == 20 * 2  # the ears
    assert counts["right joints"] + counts["wrong joints"] == 20 * 15
    assert counts["sum: found well"] + counts["sum: others"] == 20
    assert sum(row["count"] for row in found["by_quality"]) == 20 * 15
    high, low = found["thresholds"]["high_thr"], found["thresholds"]["low_thr"]
    assert high is None or high >= low
    assert f"low_thr {low:g}: " in printed
    assert ("neck=dict(" in printed) == (None not in found["thresholds"].values())
    assert found["thresholds"]["heatmap_thr"] is None and "train it longer" in printed
    status, _, error = run("--out", out)
    assert status == 2 and "exists; pass --overwrite" in error
    status, printed, _ = run("--out", out, "--overwrite", "--max-people", 3, "--blur-kernel", 3)
    assert status == 0 and "3 people of " in printed and "blur of 3 cells" in printed
    assert json.loads(out.read_text())["people"] == 3


def test_bad_input(run) -> None:
    for arguments, options, message in (
        (["--precision", 1.5], {}, "--precision must be between 0 and 1, got 1.5"),
        (["--max-people", 0], {}, "max_people must be 1 or more"),
        (["--blur-kernel", 4], {}, "must be odd"),
        (["--data", "val"], {}, "val_dataloader.dataset must be people or videos"),
        ([], dict(checkpoint="none.pth"), "none.pth"),
        ([], dict(checkpoint="config.py"), "config.py is no checkpoint"),
        (["--cfg-options", "model.estimator.neck.high_thr=0.1"], {}, "low_thr must be at most"),
        ([], dict(model=template_tracker_config()), "TemplateEstimator is no top-down"),
    ):
        status, _, error = run(*arguments, **options)
        assert status == 2 and message in error, error
        assert error.startswith("memory_thresholds.py: error: ") and error.count("\n") == 1
