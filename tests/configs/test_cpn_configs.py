"""CPN's configs: what is published about them, and the small one trains and tracks."""

import json
import re
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmpose.registry import DATASETS, MODELS, PARAM_SCHEDULERS

import mmpose_temporal  # noqa: F401 - registers everything
from mmpose_temporal.structures import KEYPOINT_NAMES
from mmpose_temporal.synthetic import SyntheticVideoConfig, write_dataset

FOLDER = Path(__file__).resolve().parents[2] / "configs" / "ptm"
COCO = "coco/td-hm_cpn-res101_1xb24-160e_coco-384x288.py"
POSETRACK = sorted(
    str(path.relative_to(FOLDER)) for path in FOLDER.rglob("ptm-baseline_cpn-res101_*.py")
)
SMALL = "synthetic/ptm-baseline_cpn-tiny_synthetic-128x96.py"


def load(name: str) -> Config:
    return Config.fromfile(FOLDER / name)


@pytest.fixture(autouse=True)
def _scope(_clean_mmengine) -> None:
    DefaultScope.get_instance("cpn", scope_name="mmpose")


def test_training_on_coco_as_published():
    cfg = load(COCO)
    gpus, batch, epochs = map(int, re.search(r"_(\d)xb(\d+)-(\d+)e_", COCO).groups())
    assert (cfg.train_dataloader.batch_size, cfg.train_cfg.max_epochs) == (batch, epochs)
    assert cfg.auto_scale_lr.base_batch_size == gpus * batch
    assert (cfg.default_hooks.checkpoint.save_best, cfg.val_evaluator.type) == (
        "coco/AP",
        "CocoMetric",
    )
    for part in ("train", "val", "test"):
        assert cfg[f"{part}_dataloader"].dataset.type == "CocoDataset"
        DATASETS.build(dict(cfg[f"{part}_dataloader"].dataset, lazy_init=True))
    with torch.device("meta"):
        model = MODELS.build(cfg.model)
        assert model(torch.zeros(1, 3, 384, 288), None, mode="tensor").shape == (1, 17, 96, 72)
    assert model.head.decoder.heatmap_size == (72, 96)
    # ResNet-101 without its classifier has 42.5 M weights, the pyramid 1.18 M, the head 2.32 M
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(46.0, abs=0.01)


def test_targets_have_the_sigmas_of_the_published_kernels():
    """Of OpenCV's GaussianBlur with kernels of 9, 13, 17 and 23 cells, from finest to coarsest."""
    (target,) = [
        step for step in load(COCO).train_dataloader.dataset.pipeline if step.get("multilevel")
    ]
    expected = [0.3 * ((kernel - 1) / 2 - 1) + 0.8 for kernel in (9, 13, 17, 23)]
    assert [codec.sigma for codec in target.encoder] == pytest.approx(expected)


def test_the_learning_rate_is_halved_every_24_epochs():
    cfg = load(COCO)
    wrapper = build_optim_wrapper(torch.nn.Linear(1, 1), cfg.optim_wrapper)
    (step,) = cfg.param_scheduler
    options = {key: value for key, value in step.items() if key not in ("type", "_scope_")}
    schedule = PARAM_SCHEDULERS.get("StepLR")(wrapper.optimizer, **options)
    rates = []
    for _ in range(cfg.train_cfg.max_epochs):
        rates.append(wrapper.get_lr()["lr"][0])
        schedule.step()
    assert rates[23] == pytest.approx(5e-4)
    assert rates[24] == pytest.approx(2.5e-4)
    assert rates[159] == pytest.approx(5e-4 / 2**6)  # 159 / 24 = 6.6


def test_posetrack_begins_with_the_last_checkpoint_of_coco():
    """For PoseTrack17 and 18: the same network, so that all of its weights are found."""
    assert [Path(name).parent.name for name in POSETRACK] == ["posetrack17", "posetrack18"]
    coco = load(COCO)
    for name in POSETRACK:
        cfg = load(name)
        expected = f"work_dirs/{Path(COCO).stem}/epoch_{coco.train_cfg.max_epochs}.pth"
        assert cfg.load_from == expected
        assert cfg.model.estimator.to_dict() == coco.model.to_dict()


class Begin(Hook):
    """Notes the weights that a training begins with, after they are initialised."""

    def before_train(self, runner: Runner) -> None:
        self.state = {k: v.clone() for k, v in runner.model.state_dict().items()}


def small(tmp_path: Path, name: str = SMALL) -> Config:
    """The small CPN on one video of 4 frames with 2 people in train and in val."""
    root = tmp_path / "data"
    video = SyntheticVideoConfig(width=160, height=120, num_frames=4, min_people=2, max_people=2)
    for split in ("train", "val"):
        write_dataset(root, split, config=video, num_videos=1, progress=False)
    cfg = load(name)
    cfg.work_dir = str(tmp_path / "work")
    for part in ("train", "val", "test"):
        loader = cfg[f"{part}_dataloader"]
        loader.dataset.data_root = str(root)
        loader.update(num_workers=0, persistent_workers=False)
    return cfg


def test_small_cpn_trains_and_tracks(tmp_path):
    """8 poses in one batch, six times."""
    cfg = small(tmp_path)
    cfg.train_dataloader.batch_size = 8
    cfg.merge_from_dict({"train_cfg.max_epochs": 6, "train_cfg.val_interval": 6})
    cfg.default_hooks.logger.interval = 1
    runner = Runner.from_cfg(cfg)
    runner.train()
    for part in ("loss_global", "loss_refine"):
        losses = runner.message_hub.get_scalar(f"train/{part}").data[0]
        assert len(losses) == 6
        assert losses[-1] < losses[0]
    assert runner.test()["posetrack/unreadable_frames"] == 0
    with torch.no_grad():
        found = runner.model.estimator(torch.zeros(1, 3, 128, 96), None, mode="tensor")
    assert found.shape == (1, len(KEYPOINT_NAMES), 32, 24)


def test_small_cpn_with_a_memory_trains_on_clips_and_tracks(tmp_path):
    """Clips of a person in 4 frames, with a target for each level; the backbone is frozen.

    The steps train the memory inside of the pyramid. In the tracker it is read: with alpha = 1,
    which leaves nothing of it, the poses are others.
    """
    cfg = small(tmp_path, "synthetic/ptm-16_cpn-tiny_synthetic-128x96.py")
    cfg.custom_hooks = []  # it starts from random weights, whose heatmaps are low
    cfg.model.estimator.neck.memory.heatmap_thr = 0.0
    cfg.model.update(box_score_thr=0.0, keypoint_score_thr=0.0, suppression=[])
    cfg.train_dataloader.batch_size = 2
    cfg.train_dataloader.dataset.draw.update(drop_prob=0.0, anchor_step=1)
    cfg.param_scheduler = []
    cfg.merge_from_dict({"train_cfg.max_epochs": 1, "train_cfg.val_interval": 2})
    runner = Runner.from_cfg(cfg)
    begin = Begin()
    runner.register_hook(begin)
    runner.train()
    begun, state = begin.state, runner.model.state_dict()
    changed = {name for name in begun if name in state and not begun[name].equal(state[name])}
    assert not [name for name in changed if name.startswith("estimator.backbone.")]
    neck = runner.model.estimator.neck
    trained = {f"estimator.neck.{name}" for name, _ in neck.named_parameters()}
    assert trained <= changed and "estimator.neck.memory.alpha" in trained
    assert neck.memory.ready
    found = {}
    for alpha in (0.2, 1.0):
        neck.memory.alpha.data.fill_(alpha)
        runner.test_evaluator.metrics[0].outfile_prefix = str(tmp_path / f"{alpha}")
        assert runner.test()["posetrack/unreadable_frames"] == 0
        (file,) = (tmp_path / f"{alpha}").glob("*.json")
        frames = {}
        for person in json.loads(file.read_text())["annotations"]:
            frames.setdefault(person["image_id"], []).append(person["scores"])
        found[alpha] = [frames[image] for image in sorted(frames)]
    assert len(found[1.0]) == 4
    same = [one == other for one, other in zip(found[0.2], found[1.0], strict=True)]
    assert same == [True, False, False, False]
