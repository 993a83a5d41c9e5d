"""Ablations without their trainings."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from mmpose_temporal.engine.ablation import StepRunner, run
from mmpose_temporal.evaluation.functional.figures import PoseTrackFigures

Commands = list[tuple[str, Sequence[str]]]
"""Name and command of each program, in the order in which they began."""

FIGURES = {"posetrack/AP": 50, "posetrack/MOTA": 40, "posetrack/IDF1": 30}
FIGURES |= {
    "posetrack/IDSW": 7,
    "posetrack/IDSW_pct": 2,
    "posetrack/AP_hidden": 20,
    "posetrack/AP_seen": 60,
}


def fake_tools(
    monkeypatch: Any,
    *,
    weights: Mapping[str, Mapping[str, torch.Tensor]] | None = None,
    best: Callable[[Path], float] = lambda predictions: 0.5,
) -> Commands:
    """Programs are noted instead of run, and leave what the real ones leave.

    Args:
        monkeypatch: pytest's fixture.
        weights: Training -> what is in its checkpoint.
        best: Folder of predictions on tuning videos -> the best threshold for them.

    Returns:
        Filled as programs begin. The figures of tests are :data:`FIGURES`, AP plus the seed.
    """
    commands: Commands = []

    def program(runner: StepRunner, name: str, command: Sequence[str], log: Path) -> None:
        commands.append((name, command))
        if command[0] == "tools/train.py":
            options = dict(option.split("=", 1) for option in command if "=" in option)
            folder = Path(command[command.index("--work-dir") + 1])
            path = folder / f"epoch_{options['train_cfg.max_epochs']}.pth"
            folder.mkdir(parents=True, exist_ok=True)
            state = dict((weights or {}).get(folder.name, {}), other=torch.zeros(1))
            torch.save(dict(state_dict=state), path)
            (folder / "last_checkpoint").write_text(str(path))
        elif command[0] == "tools/test.py" and "--out" in command:
            out = Path(command[command.index("--out") + 1])
            out.parent.mkdir(parents=True, exist_ok=True)
            seed = int(name.split()[1].rstrip(":"))
            out.write_text(json.dumps({**FIGURES, "posetrack/AP": 50 + seed}))

    def evaluate_files(
        truth: Path, predictions: Path, *, mota_score_thr: float, metrics: Sequence[str]
    ) -> SimpleNamespace:
        assert truth.parts[-2:] == ("annotations", "val") and metrics == ["MOTA"]
        assert truth.parts[-3].endswith("_tuning")
        totals = dict(MOTA=40 - abs(mota_score_thr - best(predictions)))
        total = PoseTrackFigures(per_joint={}, groups={}, totals=totals)
        return SimpleNamespace(total=total, record=dict(metric="PoseTrackMetric"))

    monkeypatch.setattr(StepRunner, "program", program)
    monkeypatch.setattr(run, "evaluate_files", evaluate_files)
    return commands
