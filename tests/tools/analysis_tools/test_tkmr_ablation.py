"""The commands that the ablation of TKMR runs, and what it makes of their figures."""

import importlib.util
import json
from pathlib import Path

import pytest

from mmpose_temporal.testing.ablations import fake_tools

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def tool():
    path = ROOT / "tools" / "analysis_tools" / "tkmr_ablation.py"
    spec = importlib.util.spec_from_file_location("tkmr_ablation", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def fake(monkeypatch, tmp_path):
    """The best threshold is 0.4 for M6 and M7, 0.5 for the others."""
    steps = fake_tools(
        monkeypatch, best=lambda found: 0.4 if found.parts[-2] in ("tune_m6", "tune_m7") else 0.5
    )
    return steps, ["--work-dir", str(tmp_path / "work"), "--data-root", str(tmp_path / "data")]


def test_steps_of_two_seeds(tool, fake, tmp_path):
    steps, options = fake
    tool.main(["--seeds", "0", "3", *options])
    names = [step for step, _ in steps]
    assert names[:3] == [f"synthetic {name} videos" for name in ("train", "val", "tuning")]
    trainings = [f"train {name}" for name in ("stage1", "m7", "m6", "m4")]
    one = [*trainings, *(f"{step} m{i}" for i in range(2, 8) for step in ("tune", "test"))]
    assert names[3:] == [f"seed {seed}: {step}" for seed in (0, 3) for step in one]
    commands = dict(steps)
    # M5 is tested with the weights of M7, both after the stage 1 of their seed
    assert commands["seed 3: test m5"][2].endswith("seed3/m7/epoch_6.pth")
    assert commands["seed 3: test m6"][2].endswith("seed3/m6/epoch_6.pth")
    assert commands["seed 3: test m2"][2].endswith("seed3/stage1/epoch_14.pth")
    assert commands["seed 3: test m2"][1] == tool.CONFIG.format("stage1")
    assert commands["seed 3: test m4"][2].endswith("seed3/m4/epoch_6.pth")
    first = f"custom_hooks.0.checkpoint={tmp_path}/work/seed3/stage1/epoch_14.pth"
    assert first in commands["seed 3: train m4"]
    assert "randomness.seed=3" in commands["seed 3: train m4"]
    content = json.loads((tmp_path / "work" / "ablation.json").read_text())
    assert content["record"]["schema"] == 1 and content["seeds"] == [0, 3]
    figures = content["figures"]
    assert list(figures) == ["m2", "m3", "m4", "m5", "m6", "m7"]
    # (50 + 53) / 2
    assert figures["m7"]["AP"] == dict(mean=51.5, min=50, max=53, values=[50, 53])
    assert figures["m7"]["IDSW"]["mean"] == 2
    # the threshold that is best on the tuning videos is that of the test
    assert "test_evaluator.0.mota_score_thr=0.4" in commands["seed 3: test m7"]
    assert "test_evaluator.0.mota_score_thr=0.5" in commands["seed 3: test m5"]
    assert figures["m5"]["threshold"]["mean"] == 0.5
    data = f"test_dataloader.dataset.data_root={tmp_path}/data"
    assert data in commands["seed 3: test m7"]
    assert f"{data}_tuning" in commands["seed 3: tune m7"]


def test_fewer_epochs(tool, fake):
    steps, options = fake
    tool.main(["--epochs", "2", "1", *options])
    commands = dict(steps)
    assert commands["seed 0: test m3"][2].endswith("stage1/epoch_2.pth")
    assert commands["seed 0: test m7"][2].endswith("m7/epoch_1.pth")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--seeds", "1", "1"], "one stands twice"),
        (["--epochs", "0", "1"], "must be 1 or more"),
        (["--jobs", "0"], "jobs must be 1 or more"),
    ],
)
def test_wrong_options(tool, options, text, capsys):
    assert tool.main(options) == 2
    assert text in capsys.readouterr().err


def test_data_options_are_those_of_the_config(tool):
    lines = (ROOT / tool.CONFIG.format("stage1")).read_text().splitlines()
    head = " ".join(line.strip("# \\") for line in lines)
    assert f'OPTIONS="{tool.SCENES}"' in head
    for split, options in tool.SPLITS.items():
        assert f"--split {split} $OPTIONS {options}" in head
    assert tool.DETECTIONS in tool.TUNING
