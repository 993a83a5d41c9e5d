"""Configs of CorrTrack's estimator: they fit each other, and the small one trains and tracks."""

import re
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmpose.registry import DATASETS, MODELS

import mmpose_temporal  # noqa: F401 - registers everything
from mmpose_temporal.synthetic import SyntheticVideoConfig, write_dataset

FOLDER = Path(__file__).resolve().parents[2] / "configs" / "corrtrack"
COCO = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.glob("coco/td-hm_*.py"))
SMALL = "synthetic/offset_bn-inception-tiny_synthetic-128x96.py"


def load(name: str) -> Config:
    return Config.fromfile(FOLDER / name)


@pytest.fixture(autouse=True)
def _scope(_clean_mmengine) -> None:
    DefaultScope.get_instance("corrtrack_pose", scope_name="mmpose")


@pytest.mark.parametrize(
    ("name", "parameters"), [(COCO[0], 39_453_638), (COCO[1], 28_537_235)], ids=COCO
)
def test_training_on_coco(name, parameters):
    cfg = load(name)
    gpus, batch, epochs = map(int, re.search(r"_(\d)xb(\d+)-(\d+)e_", name).groups())
    assert (cfg.train_dataloader.batch_size, cfg.train_cfg.max_epochs) == (batch, epochs)
    assert cfg.auto_scale_lr.base_batch_size == gpus * batch
    for part in ("train", "val", "test"):
        assert cfg[f"{part}_dataloader"].dataset.type == "CocoDataset"
        DATASETS.build(dict(cfg[f"{part}_dataloader"].dataset, lazy_init=True))
    (target,) = [s for s in cfg.train_dataloader.dataset.pipeline if s.type == "GenerateTarget"]
    for codec in (target.encoder, cfg.model.head.decoder):
        assert {**codec, "_scope_": "mmpose"} == {**cfg.codec, "_scope_": "mmpose"}
    assert not cfg.model.test_cfg.shift_heatmap  # cells are the centres of their pixels
    with torch.device("meta"):
        model = MODELS.build(cfg.model)
        assert model(torch.zeros(1, 3, 384, 288), None, mode="tensor").shape == (1, 17, 96, 72)
    assert sum(p.numel() for p in model.parameters()) == parameters


@pytest.mark.parametrize("name", COCO)
def test_posetrack18_begins_with_the_last_checkpoint_of_coco(name):
    """The same network, so that all of its weights are found."""
    coco = load(name)
    stem = Path(name).stem.removesuffix("_8xb64-210e_coco-384x288")
    cfg = load(f"posetrack18/oks-tracker_{stem}_8xb64-20e_posetrack18-384x288.py")
    expected = f"work_dirs/{Path(name).stem}/epoch_{coco.train_cfg.max_epochs}.pth"
    assert cfg.load_from == expected
    assert cfg.model.estimator.to_dict() == coco.model.to_dict()


def test_small_estimator_trains_and_tracks(tmp_path):
    """8 poses in one batch, four times."""
    root = tmp_path / "data"
    video = SyntheticVideoConfig(width=160, height=120, num_frames=4, min_people=2, max_people=2)
    for split in ("train", "val"):
        write_dataset(root, split, config=video, num_videos=1, progress=False)
    cfg = load(SMALL)
    cfg.work_dir = str(tmp_path / "work")
    for part in ("train", "val", "test"):
        loader = cfg[f"{part}_dataloader"]
        loader.dataset.data_root = str(root)
        loader.update(num_workers=0, persistent_workers=False)
    cfg.train_dataloader.batch_size = 8
    cfg.model.estimator.backbone.width = 0.125
    cfg.merge_from_dict({"train_cfg.max_epochs": 4, "train_cfg.val_interval": 4})
    cfg.default_hooks.logger.interval = 1
    runner = Runner.from_cfg(cfg)
    runner.train()
    for part in ("heatmap", "offset"):
        for stage in (1, 2):
            losses = runner.message_hub.get_scalar(f"train/loss_{part}_{stage}").data[0]
            assert len(losses) == 4
            assert losses[-1] < losses[0]
    assert runner.test()["posetrack/unreadable_frames"] == 0
