"""The small configs train and track: on generated videos, and on the real clip where it is."""

from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.runner import Runner
from mmpose.registry import METRICS

import mmpose_temporal  # noqa: F401 - registers everything
from mmpose_temporal.synthetic import SyntheticVideoConfig, write_dataset

FOLDER = Path(__file__).resolve().parents[2] / "configs" / "baselines"
SMALL = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("oks*hrnet-tiny*.py"))


def run(cfg: Config, folder: Path, root: Path) -> tuple[Runner, list[float]]:
    """Train and validate as tools/train.py does; returns the loss of each iteration."""
    cfg.work_dir = str(folder)
    for part in ("train", "val", "test"):
        loader = cfg[f"{part}_dataloader"]
        loader.dataset.data_root = str(root)
        loader.update(num_workers=0, persistent_workers=False)
    cfg.default_hooks.logger.interval = 1
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner, [float(v) for v in runner.message_hub.get_scalar("train/loss").data[0]]


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory) -> Path:
    """Two splits of one video of 4 frames with 2 people."""
    root = tmp_path_factory.mktemp("synthetic_posetrack")
    config = SyntheticVideoConfig(width=160, height=120, num_frames=4, min_people=2, max_people=2)
    for split in ("train", "val"):
        write_dataset(root, split, config=config, num_videos=1, progress=False)
    return root


@pytest.mark.parametrize("name", SMALL)
def test_small_config_trains_and_validates(name, synthetic, tmp_path):
    cfg = Config.fromfile(FOLDER / name)
    for part in ("train", "val", "test"):
        cfg[f"{part}_dataloader"].dataset.update(videos=None, frames=None)
    cfg.train_dataloader.batch_size = 8
    cfg.merge_from_dict({"train_cfg.max_epochs": 6, "train_cfg.val_interval": 6})
    runner, losses = run(cfg, tmp_path, synthetic)
    assert len(losses) == 6  # 8 poses in one batch of 8
    assert losses[-1] < losses[0]
    assert (tmp_path / "best_posetrack_AP_epoch_6.pth").is_file()
    figures = runner.test()
    assert set(figures) == set(METRICS.get("PoseTrackMetric").metric_keys())
    assert figures["posetrack/unreadable_frames"] == 0


def test_real_clip_config_on_the_real_clip(real_data, tmp_path):
    """The one thing to set is where the data are, as the config's head says."""
    cfg = Config.fromfile(FOLDER / "real/oks-tracker_td-hm_hrnet-tiny_posetrack-clip-128x96.py")
    root = real_data / "multiperson_posetrack"
    cfg.merge_from_dict({"train_cfg.max_epochs": 1, "train_cfg.val_interval": 1})
    runner, losses = run(cfg, tmp_path, root)
    assert len(runner.train_dataloader.dataset) == 124  # 4 people in each of frames 0 to 30
    assert len(runner.val_dataloader.dataset) == 41
    assert len(losses) == 8  # batches of 16: 124 / 16 = 7.75
