"""The commands that the ablation of PTM runs, and what it makes of their figures."""

import importlib.util
import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmpose.registry import MODELS

from mmpose_temporal.testing.ablations import fake_tools

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def tool():
    path = ROOT / "tools" / "analysis_tools" / "ptm_ablation.py"
    spec = importlib.util.spec_from_file_location("ptm_ablation", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def done(tool, monkeypatch, tmp_path):
    """Name -> command as a text, of all programs, and the figures; alpha of CoDA is 0.5."""
    alphas = {name: 0.5 if name.startswith("coda") else 0.75 for name in MEMORIES}
    weights = {
        name: {"estimator.neck.alpha": torch.tensor(alpha)} for name, alpha in alphas.items()
    }
    commands = fake_tools(monkeypatch, weights=weights)
    options = ["--work-dir", str(tmp_path / "work"), "--data-root", str(tmp_path / "data")]
    assert tool.main(["--seeds", "2", *options]) == 0
    content = json.loads((tmp_path / "work" / "ablation.json").read_text())
    return {name: " ".join(command) for name, command in commands}, content["figures"]


MEMORIES = ("vanilla", "coda", "vanilla-position", "coda-position")
TRAININGS = ("none", *MEMORIES)
ROWS = ["none"]
ROWS += [f"{a}-{n}" for a in MEMORIES for n in ("1", "4", "16", "16-no-replacement")]
ROWS += ["none-crowded", *(f"{a}-16-crowded" for a in MEMORIES)]


def training_of(row: str) -> str:
    """The training that is tested."""
    return next(name for name in reversed(TRAININGS) if row.startswith(name))


def test_steps(done):
    """Six trainings, one threshold for each but the first, and all rows."""
    names = list(done[0])
    sets = ("stage1", "train", "val", "crowded", "tuning")
    assert names[:5] == [f"synthetic {name} videos" for name in sets]
    steps = [name.removeprefix("seed 2: ") for name in names[5:]]
    assert steps[:6] == [f"train {name}" for name in ("stage1", *TRAININGS)]
    assert sorted(s for s in steps if s.startswith("tune")) == [
        "tune coda-16",
        "tune coda-position-16",
        "tune none",
        "tune vanilla-16",
        "tune vanilla-position-16",
    ]
    # in this order, since those of one training need one threshold
    assert [s.removeprefix("test ") for s in steps if s.startswith("test")] == ROWS


def test_commands(done, tmp_path):
    commands, _ = done
    first = f"custom_hooks.0.checkpoint={tmp_path}/work/seed2/stage1/epoch_"
    for name in TRAININGS:
        assert f"data_root={tmp_path}/data " in commands[f"seed 2: train {name}"]
        assert first in commands[f"seed 2: train {name}"]
    assert "custom_hooks" not in commands["seed 2: train stage1"]
    assert commands["seed 2: train stage1"].endswith(f"data_root={tmp_path}/data_stage1")
    for row in ROWS:
        attention = training_of(row)
        command = commands[f"seed 2: test {row}"]
        assert f"ptm-{attention}_hrnet-tiny" in command
        assert f"seed2/{attention}/epoch_" in command
        crowded = f"data_root={tmp_path}/data_crowded " in command
        assert crowded == row.endswith("-crowded")
        assert "test_evaluator.0.hidden_joints=True" in command
        assert ("neck.replacement=False" in command) == row.endswith("-no-replacement")
        rest = row.removeprefix(attention).split("-")
        capacity = None if attention == "none" else rest[1]
        assert (f"neck.capacity={capacity} " in f"{command} ") == (capacity is not None)
        assert ("neck" in command) == (attention != "none")
    assert "model.estimator.neck.capacity=16" in commands["seed 2: tune coda-16"]


def test_figures(done):
    figures = done[1]
    assert list(figures) == ROWS
    assert figures["vanilla-4"]["AP"]["values"] == [52]
    assert figures["vanilla-4"]["AP_hidden"]["mean"] == 20
    assert figures["vanilla-4"]["alpha"]["mean"] == 0.75
    assert figures["coda-16-crowded"]["alpha"]["mean"] == 0.5
    assert "alpha" not in figures["none"] and "alpha" not in figures["none-crowded"]


@pytest.mark.parametrize("name", TRAININGS)
def test_the_settings_are_those_of_the_configs(tool, name):
    """What the script names in them is there, and the baseline differs in the memory alone."""
    config = Config.fromfile(ROOT / tool.CONFIG.format(name))
    none = Config.fromfile(ROOT / tool.CONFIG.format("none"))
    for part in ("train_dataloader", "optim_wrapper", "param_scheduler", "train_cfg"):
        assert config[part] == none[part]
    assert config.custom_hooks[0].type == "LoadEstimatorHook"
    if name == "none":
        assert "neck" not in config.model.estimator and "memory" not in config.model
        return
    assert config.model.estimator.neck.capacity == tool.CAPACITY
    neck = MODELS.build(config.model.estimator.neck)
    names = {f"estimator.neck.{key}" for key in neck.state_dict()}
    assert {*tool.WEIGHTS.values()} <= names


def test_data_options(tool):
    assert "--hidden" in tool.SCENES
    assert all(
        (tool.DETECTIONS in options) == (name not in ("train", "stage1"))
        for name, (_, _, options) in tool.VIDEOS.items()
    )


def test_wrong_options(tool, capsys):
    assert tool.main(["--jobs", "0"]) == 2
    assert "jobs must be 1 or more" in capsys.readouterr().err
