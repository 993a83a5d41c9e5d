"""The command's tables and its complaints, with a tiny estimator of random weights."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest
import torch
from mmengine.logging import MMLogger
from mmpose.registry import MODELS

from mmpose_temporal.testing import tiny_estimator_config, tiny_ptm_config, write_tiny_posetrack

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Calls the tool on small videos; status, what it printed and what it complained of."""
    path = ROOT / "tools" / "analysis_tools" / "memory_oracle.py"
    spec = importlib.util.spec_from_file_location("memory_oracle", path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    write_tiny_posetrack(tmp_path)
    torch.manual_seed(0)
    state = MODELS.build(tiny_ptm_config()["estimator"]).state_dict()
    state = {name: value for name, value in state.items() if "untrained" not in name}
    torch.save(state, tmp_path / "weights.pth")
    torch.save(MODELS.build(tiny_estimator_config()).state_dict(), tmp_path / "single.pth")
    MMLogger._instance_dict.clear()  # the log of this building is not the tool's

    def call(*arguments, model=None, checkpoint="weights.pth"):
        data = dict(
            type="PoseTrackPersonDataset", data_root=str(tmp_path), ann_file="annotations/val"
        )
        config = dict(model=model or tiny_ptm_config(), val_dataloader=dict(dataset=data))
        lines = [f"{name} = {value!r}" for name, value in config.items()]
        (tmp_path / "config.py").write_text("\n".join(lines))
        arguments = [tmp_path / "config.py", tmp_path / checkpoint, *arguments]
        arguments = ["memory_oracle.py", *map(str, arguments), "--device", "cpu", "--quiet"]
        monkeypatch.setattr(sys, "argv", arguments)
        status = tool.main()
        return (status, *capsys.readouterr())

    return call


def test_tables(run, tmp_path) -> None:
    out = tmp_path / "a.json"
    status, printed, error = run("--out", out)
    assert (status, error) == (0, "")
    assert "4 clips, 12 crops with a previous one, 0 hidden and 180 seen joints" in printed
    assert "alpha 0.900, 100.0% of the crops read something" in printed
    assert "grid of 4 x 3 cells" in printed and "best head" in printed
    found = json.loads(out.read_text())
    assert (found["clips"], found["crops"], found["share"], found["frames"]) == (4, 12, 0.6, 9)
    assert set(found["found"]) == {"network", "memory", "previous", "oracle", "oracle, pooled"}
    assert found["found"]["oracle"]["AP_hidden"] is None
    rows = {line.split("│")[1].strip(): line for line in printed.splitlines() if "│" in line}
    shown = [cell.strip() for cell in rows["oracle"].split("│")[2:-1]]
    figures = found["found"]["oracle"]
    assert shown == ["-", "-", f"{figures['PCKh_seen']:.1f}", f"{figures['AP_seen']:.1f}"]
    status, _, error = run("--out", out)
    assert status == 2 and "exists; pass --overwrite" in error
    status, printed, _ = run("--out", out, "--overwrite", "--max-clips", 1, "--frames", 2)
    assert status == 0 and "1 clips, 1 crops" in printed


def test_a_single_frame_checkpoint(run) -> None:
    status, printed, error = run(checkpoint="single.pth")
    assert (status, error) == (0, "")
    assert "single.pth has no trained memory: its row and its attention are left out" in printed
    assert "│ oracle " in printed and "│ memory" not in printed and "best head" not in printed


def test_bad_input(run) -> None:
    for arguments, options, message in (
        (["--share", 1], {}, "--share must be between 0 and 1, got 1.0"),
        (["--max-clips", 0], {}, "max_clips must be 1 or more"),
        (["--frames", 1], {}, "num_frames must be 2 or more"),
        (["--data", "train"], {}, "train_dataloader.dataset must be people or videos"),
        ([], dict(checkpoint="none.pth"), "none.pth"),
        (
            [],
            dict(model=tiny_estimator_config(), checkpoint="single.pth"),
            "has no PoseTemporalMemory",
        ),
    ):
        status, _, error = run(*arguments, **options)
        assert status == 2 and message in error, error
        assert error.startswith("memory_oracle.py: error: ") and error.count("\n") == 1
