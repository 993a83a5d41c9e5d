"""A matcher of tracks is trained on simulated errors and tracks files, as a user does it."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmpose_temporal.apis import build_pose_only_tracker, track_pose_files
from mmpose_temporal.datasets.converters.simulated_poses import simulate_pose_files
from mmpose_temporal.datasets.tracklets import ErrorRates
from mmpose_temporal.engine.command_line import run_testing, run_training
from mmpose_temporal.testing import logged, write_tiny_posetrack

FOLDER = Path("configs/keytrack/multiperson_posetrack")
STEPS = 60


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("tracklets")
    write_tiny_posetrack(root, split="train", videos={"v1": 16, "v2": 12}, people=3)
    write_tiny_posetrack(root, split="val", videos={"v1": 6, "v2": 4})
    write_tiny_posetrack(root, split="test", videos={"v1": 6, "v2": 4})
    shutil.rmtree(root / "images")
    return root


def write_config(project_root: Path, folder: Path, data: Path, steps: int = STEPS) -> str:
    """The config of the shipped weights with a smaller network and one short epoch."""
    (name,) = (project_root / FOLDER).glob("track-entailment_*.py")
    cfg = Config.fromfile(name)
    for part in ("train", "val", "test"):
        cfg[f"{part}_dataloader"].dataset.data_root = str(data)
    cfg.train_dataloader.update(num_workers=0, persistent_workers=False, batch_size=2)
    cfg.train_dataloader.dataset.update(num_items=2 * steps, num_pairs=32, visits=2)
    cfg.model.association.similarity.network.update(hidden=32, intermediate=32, num_layers=2)
    cfg.param_scheduler = []
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


def test_training_learns_who_follows_whom(trained):
    losses, accuracies = (logged(trained[1], key) for key in ("loss", "accuracy"))
    assert len(losses) == STEPS
    assert losses[0] == pytest.approx(0.693, abs=0.05)  # ln 2: it begins without an opinion
    assert sum(losses[-10:]) / 10 < 0.5
    assert sum(accuracies[-10:]) / 10 > 0.75
    assert logged(trained[1], "posetrack/MOTA")  # the validation after the epoch


def test_the_checkpoint_tracks_files(trained, data, tmp_path):
    config, work_dir = trained
    poses = tmp_path / "simulated"
    report = simulate_pose_files(data / "annotations" / "val", poses, rates=ErrorRates.none())
    tracker = build_pose_only_tracker(config, str(work_dir / "epoch_1.pth"))
    tracked = track_pose_files(tracker, poses / "poses", tmp_path / "out", progress=False)
    assert tracked.frames == report.frames == 10
    assert tracked.poses == report.poses == 20
    assert tracked.tracked + tracked.dropped.total() == 20
    assert tracked.tracked >= 16
    for file in (tmp_path / "out").glob("*.json"):
        content = json.loads(file.read_text())
        seen = [(a["image_id"], a["track_id"]) for a in content["annotations"]]
        assert len(set(seen)) == len(seen)


def test_the_checkpoint_is_tested(trained, tmp_path):
    config, work_dir = trained
    out = tmp_path / "metrics.json"
    checkpoint = str(work_dir / "epoch_1.pth")
    run_testing([config, checkpoint, "--work-dir", str(tmp_path / "w"), "--out", str(out)])
    assert json.loads(out.read_text())["posetrack/MOTA"] > 50


def test_a_seeded_training_repeats(project_root, data, tmp_path):
    config = write_config(project_root, tmp_path, data, steps=4)
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
