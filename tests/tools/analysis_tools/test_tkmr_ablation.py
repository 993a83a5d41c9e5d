"""The commands that the ablation runs, and what it makes of their figures."""

import importlib.util
import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

import mmpose_temporal.evaluation
from mmpose_temporal.evaluation.functional.figures import PoseTrackFigures
from mmpose_temporal_cli import StepFailed

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def tool():
    path = ROOT / "tools" / "analysis_tools" / "tkmr_ablation.py"
    spec = importlib.util.spec_from_file_location("tkmr_ablation", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def fake(tool, monkeypatch, tmp_path):
    """Commands are noted, and leave what the real ones leave."""
    steps = []

    def run(step, command, log):
        steps.append((step, command))
        if command[0] == "tools/train.py":
            options = dict(option.split("=", 1) for option in command if "=" in option)
            folder = Path(command[command.index("--work-dir") + 1])
            name = f"epoch_{options['train_cfg.max_epochs']}.pth"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(b"")
            (folder / "last_checkpoint").write_text(str(folder / name))
        elif command[0] == "tools/test.py" and "--out" in command:
            out = Path(command[command.index("--out") + 1])
            out.parent.mkdir(parents=True, exist_ok=True)
            seed = int(step.split()[1].rstrip(":"))
            figures = {"posetrack/AP": 50 + seed, "posetrack/MOTA": 40, "posetrack/IDF1": 30}
            figures["posetrack/IDSW_pct"] = 2
            out.write_text(json.dumps(figures))

    def evaluate_files(truth, predictions, *, mota_score_thr, metrics):
        """The best threshold is 0.4 for M6 and M7, 0.5 for the others."""
        best = 0.4 if "tune_m6" in str(predictions) or "tune_m7" in str(predictions) else 0.5
        assert truth == tmp_path / "data_tuning" / "annotations" / "val"
        totals = dict(MOTA=40 - abs(mota_score_thr - best))
        total = PoseTrackFigures(per_joint={}, groups={}, totals=totals)
        return SimpleNamespace(total=total, record=dict(metric="PoseTrackMetric"))

    monkeypatch.setattr(tool, "run", run)
    monkeypatch.setattr(mmpose_temporal.evaluation, "evaluate_files", evaluate_files)
    steps_of = ["--work-dir", str(tmp_path / "work"), "--data-root", str(tmp_path / "data")]
    return steps, steps_of


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


def test_what_is_there_is_not_done_again(tool, fake):
    steps, options = fake
    tool.main(["--seeds", "0", *options])
    done = len(steps)
    tool.main(["--seeds", "0", "1", *options])
    assert not [step for step, _ in steps[done:] if step.startswith("seed 0")]
    # an interrupted training: its file is there, but the newest whole one is an earlier epoch's
    folder = Path(options[1]) / "seed0" / "m4"
    (folder / "last_checkpoint").write_text(str(folder / "epoch_1.pth"))
    done = len(steps)
    tool.main(["--seeds", "0", *options])
    names = [step for step, _ in steps[done:] if step.startswith("seed")]
    assert names[:1] == ["seed 0: train m4"]
    assert all(name.endswith(" m4") for name in names)


def test_another_first_stage_needs_another_second(tool, fake):
    """With as many epochs of the second as before, and another number of the first."""
    steps, options = fake
    tool.main(["--epochs", "2", "6", *options])
    folder = Path(options[1]) / "seed0"
    for path in folder.rglob("*.pth"):
        os.utime(path, (1, 1))  # long ago, so that later steps are later for sure
    for path in folder.rglob("*.json"):
        os.utime(path, (2, 2))
    done = len(steps)
    tool.main(options)
    names = [step for step, _ in steps[done:]]
    assert [n for n in names if n.startswith("seed 0: train")] == [
        f"seed 0: train {name}" for name in ("stage1", "m7", "m6", "m4")
    ]
    assert sum(n.startswith("seed 0: test") for n in names) == 6


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
    ],
)
def test_wrong_options(tool, options, text, capsys):
    assert tool.main(options) == 2
    assert text in capsys.readouterr().err


def test_a_tool_that_fails_ends_it(tool, tmp_path, capsys):
    with pytest.raises(StepFailed, match=r"'a step' failed \(exit 2\)"):
        tool.run("a step", ["-c", "import sys; print('reason'); sys.exit(2)"], tmp_path / "log")
    assert "reason" in capsys.readouterr().out


def test_data_options_are_those_of_the_config(tool):
    lines = (ROOT / tool.CONFIG.format("stage1")).read_text().splitlines()
    head = " ".join(line.strip("# \\") for line in lines)
    assert f'OPTIONS="{tool.SCENES}"' in head
    for split, options in tool.SPLITS.items():
        assert f"--split {split} $OPTIONS {options}" in head
    assert tool.DETECTIONS in tool.TUNING
