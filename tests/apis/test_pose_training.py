"""A similarity is trained and tested as a user does it, on poses of tiny videos, without images.

Two people walk side by side; where the left one stays left, absolute positions tell them apart.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmpose_temporal.engine.command_line import run_testing, run_training
from mmpose_temporal.testing import logged, write_tiny_posetrack

CONFIG = "configs/keytrack/synthetic/keytrack_tx2-64_1xb32-5e_synthetic-24x18.py"
STEPS = 120


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("poses")
    for split in ("train", "val"):
        write_tiny_posetrack(root, split=split, videos={"v1": 6, "v2": 4})
    shutil.rmtree(root / "images")
    return root


def write_config(project_root: Path, folder: Path, data: Path, *, steps: int = STEPS) -> str:
    """The small config with a smaller network: one epoch, 3 x 4 cells, little augmentation."""
    cfg = Config.fromfile(project_root / CONFIG)
    for part in ("train", "val", "test"):
        cfg[f"{part}_dataloader"].dataset.data_root = str(data)
    cfg.train_dataloader.update(num_workers=0, persistent_workers=False)
    cfg.train_dataloader.sampler.num_samples = 32 * steps
    cfg.train_dataloader.dataset.pipeline = [
        dict(type="PosePairReverse"),
        dict(type="PosePairJitter"),
        dict(type="PosePairDrop"),
        dict(type="PackPosePairs"),
    ]
    cfg.model.association.similarity.update(
        resolution=(4, 3),
        network=dict(num_layers=2, hidden=32, intermediate=32, dropout=0.0),
    )
    cfg.optim_wrapper.optimizer.lr = 3e-3
    cfg.param_scheduler[1].end = 1  # begins at a quarter of an epoch
    cfg.train_cfg.update(max_epochs=1, val_interval=1)
    cfg.default_hooks.checkpoint.interval = 1
    cfg.default_hooks.logger.interval = 1
    file = folder / "config.py"
    cfg.dump(str(file))
    return str(file)


@pytest.fixture(scope="module")
def trained(project_root, data, tmp_path_factory) -> tuple[str, Path]:
    """A config file and the folder with its training."""
    folder = tmp_path_factory.mktemp("trained")
    config = write_config(project_root, folder, data)
    run_training([config, "--work-dir", str(folder / "work")])
    return config, folder / "work"


def test_training_learns_who_is_who(trained):
    _, work_dir = trained
    losses = logged(work_dir, "loss")
    assert len(losses) == STEPS
    assert losses[0] == pytest.approx(0.693, abs=0.02)  # ln 2: it begins without an opinion
    assert losses[-1] < 0.3
    # the validation after the epoch: every person is found again
    assert logged(work_dir, "posetrack/match_accuracy") == [100]
    assert logged(work_dir, "posetrack/IDSW") == [0]


def test_learning_rate_rises_for_a_quarter_of_the_epoch_and_falls_to_nothing(trained):
    rates = logged(trained[1], "lr")
    top = 30  # a quarter of 120 steps
    assert max(rates) == pytest.approx(3e-3)
    assert rates.index(max(rates)) == pytest.approx(top, abs=1)
    assert rates[: top - 1] == sorted(rates[: top - 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert rates[-1] < 3e-3 / 50


def test_checkpoint_holds_the_similarity_and_is_tested(trained, tmp_path):
    config, work_dir = trained
    checkpoint = work_dir / "epoch_1.pth"
    weights = torch.load(checkpoint, weights_only=True)["state_dict"]
    assert all(name.startswith("association.similarity.") for name in weights)
    out = tmp_path / "metrics.json"
    run_testing([config, str(checkpoint), "--work-dir", str(tmp_path / "w"), "--out", str(out)])
    metrics = json.loads(out.read_text())
    assert metrics["posetrack/match_accuracy"] == 100
    assert metrics["posetrack/IDSW"] == 0
    assert metrics["posetrack/MOTA"] == pytest.approx(100)


def test_a_seeded_training_repeats(project_root, data, tmp_path):
    config = write_config(project_root, tmp_path, data, steps=8)
    weights = []
    for run, seed in enumerate((0, 0, 1)):
        work_dir = tmp_path / str(run)
        options = ["--no-validate", "--cfg-options", f"randomness.seed={seed}"]
        run_training([config, "--work-dir", str(work_dir), *options])
        weights.append(torch.load(work_dir / "epoch_1.pth", weights_only=True)["state_dict"])
    first, same, other = weights
    for name, value in first.items():
        torch.testing.assert_close(same[name], value, rtol=0, atol=0)
    name = "association.similarity.network.classifier.weight"
    assert not torch.equal(first[name], other[name])


@pytest.mark.slow
def test_two_processes_give_the_figures_of_one(project_root, trained, tmp_path):
    """A video each; the checkpoint is that of a training that did not learn all."""
    config, work_dir = trained
    state = torch.load(work_dir / "epoch_1.pth", weights_only=True)
    generator = torch.Generator().manual_seed(0)
    for value in state["state_dict"].values():
        if value.is_floating_point():
            value += 0.3 * torch.randn(value.shape, generator=generator)
    checkpoint = tmp_path / "disturbed.pth"
    torch.save(dict(state_dict=state["state_dict"]), checkpoint)
    figures = []
    for number, start in (
        (1, [sys.executable]),
        (2, [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2"]),
    ):
        out = tmp_path / f"{number}.json"
        launcher = ["--launcher", "pytorch"] if number == 2 else []
        subprocess.run(
            [
                *(*start, str(project_root / "tools" / "test.py"), config, str(checkpoint)),
                *("--out", str(out), "--work-dir", str(tmp_path / str(number)), *launcher),
            ],
            check=True,
            timeout=300,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(project_root), "OMP_NUM_THREADS": "1"},
        )
        content = json.loads(out.read_text())
        figures.append({k: v for k, v in content.items() if k != "record"})
        videos = content["record"]["evaluations"][-1]["videos"]
        assert sorted(videos) == ["v1", "v2"]
    assert figures[0] == pytest.approx(figures[1], nan_ok=True)
    assert 0 < figures[0]["posetrack/match_accuracy"] < 100
