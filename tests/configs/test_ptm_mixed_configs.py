"""The memory of PTM together with TKMR's and KeyTrack's parts: they train, and track."""

import json
from collections import Counter
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

import mmpose_temporal  # noqa: F401 - registers everything
from mmpose_temporal.synthetic import DetectorNoise, SyntheticVideoConfig, write_dataset

FOLDER = Path(__file__).resolve().parents[2] / "configs"
STAGE_1 = "baselines/synthetic/oks-tracker_td-hm"
"""TKMR's stage 1 has the same network."""
MIXED = ["ptm/synthetic/ptm-tkmr", "ptm/synthetic/ptm-keytrack"]


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """One video of 5 frames with 2 people in each split, and detections that miss nobody."""
    root = tmp_path_factory.mktemp("synthetic")
    config = SyntheticVideoConfig(width=160, height=120, num_frames=5, min_people=2, max_people=2)
    noise = DetectorNoise(jitter=0.02, miss=0.0, duplicate=0.0, false_positives=0.0)
    for split in ("train", "val"):
        write_dataset(root, split, config=config, num_videos=1, detections=noise, progress=False)
    return root


class Begin(Hook):
    """Notes the weights that a training begins with, after those of stage 1 are loaded."""

    priority = "VERY_LOW"

    def before_train(self, runner: Runner) -> None:
        self.state = {k: v.clone() for k, v in runner.model.state_dict().items()}


def prepare(kind: str, root: Path, work_dir: Path) -> Config:
    """The config on the data, a few steps long and without warm-up; every map is stored."""
    cfg = Config.fromfile(FOLDER / f"{kind}_hrnet-tiny_synthetic-128x96.py")
    cfg.work_dir = str(work_dir)
    for part in ("train", "val", "test"):
        loader = cfg[f"{part}_dataloader"]
        loader.dataset.data_root = str(root)
        loader.update(num_workers=0, persistent_workers=False)
    epochs = 1 if kind in MIXED else 5  # a network that knows nothing has no gradients
    cfg.train_cfg.update(max_epochs=epochs, val_interval=epochs)
    cfg.param_scheduler = []
    cfg.train_dataloader.batch_size = 4
    cfg.default_hooks.logger.interval = 1
    cfg.experiment_name = f"{Path(kind).name}_{work_dir.name}"
    if kind in MIXED:
        if "anchor_step" in cfg.train_dataloader.dataset.draw:
            cfg.train_dataloader.dataset.draw.anchor_step = 1  # clips from every frame
        cfg.model.estimator.neck.heatmap_thr = 0.0  # an epoch's heatmaps are low
        cfg.model.update(box_score_thr=0.0, keypoint_score_thr=0.0)
    return cfg


def weights(path: Path) -> dict[str, torch.Tensor]:
    return torch.load(path, weights_only=True)["state_dict"]


@pytest.fixture(scope="module")
def stage1(data, tmp_path_factory) -> Path:
    work_dir = tmp_path_factory.mktemp("stage1")
    Runner.from_cfg(prepare(STAGE_1, data, work_dir)).train()
    return work_dir / "epoch_5.pth"


@pytest.fixture(scope="module")
def trained(data, stage1, tmp_path_factory) -> dict[str, tuple[Path, set[str], dict]]:
    """Checkpoints of an epoch, the losses that it had, and the weights that it began with."""
    found = {}
    for kind in MIXED:
        work_dir = tmp_path_factory.mktemp(Path(kind).name)
        cfg = prepare(kind, data, work_dir)
        cfg.custom_hooks[0].checkpoint = str(stage1)
        runner, begin = Runner.from_cfg(cfg), Begin()
        runner.register_hook(begin)
        runner.train()
        scalars = runner.message_hub.log_scalars
        losses = {n.removeprefix("train/") for n in scalars if n.startswith("train/loss_")}
        for name in losses:
            values = scalars[f"train/{name}"].data[0]
            assert len(values) == len(runner.train_dataloader) > 1
            assert all(value > 0 for value in values)
        found[kind] = work_dir / "epoch_1.pth", losses, begin.state
    return found


@pytest.mark.parametrize(
    ("kind", "losses", "new"),
    [
        (
            MIXED[0],
            {"loss_kpt", "loss_matching", "loss_refinement"},
            {"neck", "matching_head", "refinement_head"},
        ),
        (MIXED[1], {"loss_kpt"}, {"neck"}),
    ],
)
def test_all_that_is_new_is_trained(kind, losses, new, stage1, trained):
    """Every new weight differs from where it began."""
    checkpoint, found, begun = trained[kind]
    assert found == losses
    before, after = weights(stage1), weights(checkpoint)
    added = [k for k in after if k.startswith("estimator.") and k not in before]
    assert {key.split(".")[1] for key in added} == new
    assert not [key for key in added if torch.equal(after[key], begun[key])]
    assert all(torch.equal(value, begun[key]) for key, value in before.items())


def test_backbone_under_the_mixture_is_frozen_bit_by_bit(stage1, trained):
    before, after = weights(stage1), weights(trained[MIXED[0]][0])
    keys = [key for key in before if key.startswith("estimator.backbone.")]
    assert [key for key in keys if "running_var" in key]
    assert all(torch.equal(before[key], after[key]) for key in keys)
    assert not torch.equal(
        before["estimator.head.final_layer.weight"], after["estimator.head.final_layer.weight"]
    )


def track(kind: str, data: Path, checkpoint: Path, folder: Path) -> dict[int, list[dict]]:
    """Test, and return the people of each frame."""
    folder.mkdir()
    cfg = prepare(kind, data, folder)
    cfg.load_from = str(checkpoint)
    cfg.test_evaluator[0].outfile_prefix = str(folder / "found")
    assert Runner.from_cfg(cfg).test()["posetrack/unreadable_frames"] == 0
    (file,) = (folder / "found").glob("*.json")
    content = json.loads(file.read_text())
    frames: dict[int, list[dict]] = {image["id"]: [] for image in content["images"]}
    for person in content["annotations"]:
        frames[person["image_id"]].append(person)
    return frames


@pytest.mark.parametrize("kind", MIXED)
def test_tracker_reads_the_memory(kind, data, trained, tmp_path):
    """With alpha = 1 nothing of the memory is left: the same in the first frame, then others."""
    checkpoint, _, _ = trained[kind]
    with_memory = track(kind, data, checkpoint, tmp_path / "with")
    assert len(with_memory) == 5
    for people in with_memory.values():
        assert people
        assert set(Counter(person["track_id"] for person in people).values()) == {1}
    content = torch.load(checkpoint, weights_only=True)
    content["state_dict"]["estimator.neck.alpha"].fill_(1.0)
    torch.save(content, tmp_path / "alone.pth")
    alone = track(kind, data, tmp_path / "alone.pth", tmp_path / "alone")
    same = [with_memory[image] == alone[image] for image in sorted(alone)]
    assert not any(same[1:])
    # refinement by the neighbours changes the first frame too
    assert same[0] == (kind == MIXED[1])


def test_checkpoint_of_the_single_frame_network_is_refused(data, stage1, tmp_path):
    cfg = prepare(MIXED[1], data, tmp_path)
    cfg.load_from = str(stage1)
    with pytest.raises(RuntimeError, match=r"lacks .*all of .*neck"):
        Runner.from_cfg(cfg).test()
