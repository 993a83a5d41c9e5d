"""TKMR's configs are the rows of its tables, and the small ones go through both stages."""

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import torch
import yaml
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmpose.registry import MODELS

import mmpose_temporal  # noqa: F401 - registers everything
from mmpose_temporal.synthetic import (
    DetectorNoise,
    SyntheticVideoConfig,
    write_dataset,
)

FOLDER = Path(__file__).resolve().parents[2] / "configs" / "tkmr"
NAMES = sorted(
    str(path.relative_to(FOLDER))
    for path in FOLDER.rglob("*.py")
    if path.parent.name != "detectors"
)

# Paper, Tables 3 and 4; the last column: mAP / MOTA.
TABLES = """
M1 res152    ResNet-101  BoxNMS  IoU  -          - 75.2 / 63.5
M2 res152    ResNet-101  PoseNMS IoU  -          - 76.1 / 64.8
M3 res152    ResNet-101  PoseNMS OKS  -          - 76.1 / 65.0
M4 res152    ResNet-101  PoseNMS TBM  -          - 76.1 / 66.0
M5 res152    ResNet-101  PoseNMS TKM  -          - 76.1 / 67.3
M6 res152    ResNet-101  PoseNMS TKM  refinement - 76.8 / 68.1
M7 res152    ResNet-101  PoseNMS TKM  refinement context 78.2 / 69.6
M8 res152    ResNeXt-101 PoseNMS TKM  refinement context 79.0 / 71.4
M9 hrnet-w48 ResNeXt-101 PoseNMS TKM  refinement context 79.5 / 72.2
N1 hrnet-w48 ResNeXt-101 BoxNMS  IoU  -          - 74.1 / 63.7
N2 hrnet-w48 ResNeXt-101 PoseNMS IoU  -          - 74.8 / 65.3
N3 hrnet-w48 ResNeXt-101 PoseNMS TBM  -          - 74.8 / 65.9
N4 hrnet-w48 ResNeXt-101 PoseNMS TKM  -          - 74.8 / 67.0
N5 hrnet-w48 ResNeXt-101 PoseNMS TKM  refinement - 75.7 / 67.8
N6 hrnet-w48 ResNeXt-101 PoseNMS TKM  refinement context 76.7 / 68.9
"""
ROWS = [line.split(maxsplit=7) for line in TABLES.strip().splitlines()]
SIMILARITIES = dict(
    IoU="IoUSimilarity",
    OKS="OKSSimilarity",
    TBM="BodyMatchingSimilarity",
    TKM="KeypointMatchingSimilarity",
)


@cache
def _load(name: str) -> Config:
    return Config.fromfile(FOLDER / name)


def load(name: str) -> Config:
    return _load(name).copy()


def find(pattern: str) -> str:
    (name,) = [n for n in NAMES if re.search(pattern, n)]
    return name


def describe(cfg: Config) -> list[str]:
    """What stands in the columns of the tables."""
    model = cfg.model
    refinement = model.get("refinement")
    similarity = model.association.similarity.type
    return [
        "ResNeXt-101" if "x101" in model.box_source.config else "ResNet-101",
        model.suppression[0].type,
        next(short for short, kind in SIMILARITIES.items() if kind == similarity),
        "refinement" if refinement else "-",
        "context" if refinement and refinement.get("context", True) else "-",
    ]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_row_of_the_tables(row):
    method, backbone, *columns, figures = row
    release = dict(M="posetrack17", N="posetrack18")[method[0]]
    name = find(f"^{release}/tkmr-{method.lower()}_{backbone}_")
    cfg = load(name)
    assert describe(cfg) == columns
    depth = cfg.model.estimator.backbone.get("depth")
    assert depth == (152 if backbone == "res152" else None)
    train = cfg.train_dataloader.dataset
    assert train.get("release", "posetrack18") == release
    assert train.data_root == cfg.test_dataloader.dataset.data_root == f"data/{release}/"
    assert cfg.test_dataloader.dataset.box_source == "detector"
    # the detector's own suppression leaves to pNMS what pNMS is for
    loose = "nms-0.8" in cfg.model.box_source.config
    assert loose == (columns[1] == "PoseNMS")
    table = (FOLDER / "README.md").read_text()
    assert re.search(rf"\| {method} \|.*\]\({re.escape(name)}\) \| {figures} \|", table)


@pytest.mark.parametrize(
    ("tau", "figures"),
    [
        (0, "76.1 / 67.3"),
        (1, "76.8 / 68.1"),
        (3, "77.7 / 69.2"),
        (5, "78.2 / 69.6"),
        (7, "78.1 / 69.8"),
    ],
)
def test_window(tau, figures):
    """Supplement, Table 1; tau = 0 is tested with the weights of M7."""
    name = find(r"tkmr-m7_res152_8xb8" if tau == 5 else f"tkmr-m7-tau{tau}_")
    cfg = load(name)
    assert cfg.model.refinement.tau == tau
    assert cfg.train_dataloader.dataset.draw.tau == (tau or 5)
    assert f"({name}) | {figures} |" in (FOLDER / "README.md").read_text()


def test_targets_of_stage_1():
    """exp(-d^2 / 3^2) = exp(-d^2 / (2 sigma^2)) (Eq. 2)."""
    cfg = load(find("posetrack18/tkmr-stage1"))
    assert 2 * cfg.codec.sigma**2 == pytest.approx(9, abs=1e-3)
    pipeline = [step.type for step in cfg.train_dataloader.dataset.pipeline]
    assert pipeline.index("RandomFlip") < pipeline.index("TopdownAffine")


def test_joint_fine_tuning_begins_with_the_second_stage():
    cfg, name = load(find("m7-joint.*clip")), find("m7_hrnet-tiny_synthetic")
    assert cfg.model.estimator.frozen == ()
    epochs = load(name).train_cfg.max_epochs
    assert cfg.load_from == f"work_dirs/{Path(name).stem}/epoch_{epochs}.pth"
    assert not cfg.custom_hooks


STAGE_2 = [n for n in NAMES if load(n).model.estimator.get("frozen")]


@pytest.mark.parametrize("name", STAGE_2)
def test_stage_2_begins_with_its_stage_1_and_trains_what_it_tests(name):
    cfg = load(name)
    assert not cfg.get("load_from")
    (hook,) = cfg.custom_hooks
    first = Path(hook.checkpoint).parent.name
    epochs = load(str(Path(name).parent / f"{first}.py")).train_cfg.max_epochs
    assert hook.checkpoint == f"work_dirs/{first}/epoch_{epochs}.pth"
    backbone = re.search(r"_(res\d+|hrnet-\w+)_", name)[1]
    assert f"_{backbone}_" in first
    # none of ImageNet's weights are fetched for a backbone that stage 1 replaces
    assert cfg.model.estimator.backbone.get("init_cfg") is None
    if cfg.model.get("refinement"):
        loss = cfg.model.estimator.temporal_loss
        for option in ("context", "context_weight"):
            assert loss.get(option) == cfg.model.refinement.get(option)
        assert cfg.train_dataloader.dataset.draw.tau == (cfg.model.refinement.tau or 5)


@cache
def _maps(estimator: str, size: tuple[int, int]) -> dict[str, tuple[int, ...]]:
    """Shapes of heatmaps and of the modules' maps, without weights or arithmetic."""
    config = yaml.safe_load(estimator)
    with torch.device("meta"):
        model = MODELS.build(config)
        feats = model.extract_feat(torch.zeros(1, 3, size[1], size[0]))
        parts = dict(heatmaps=model.head, matching=model.matching_head)
        if model.refinement_head is not None:
            parts["refinement"] = model.refinement_head
        return {name: tuple(part(feats).shape[-2:]) for name, part in parts.items()}


@pytest.mark.parametrize("name", STAGE_2)
def test_modules_have_the_size_of_the_heatmaps(name):
    DefaultScope.get_instance("configs", scope_name="mmpose")
    cfg = load(name)
    estimator = yaml.safe_dump(Config(dict(e=cfg.model.estimator)).to_dict()["e"])
    shapes = _maps(estimator, tuple(cfg.codec.input_size))
    assert set(shapes.values()) == {tuple(cfg.codec.heatmap_size[::-1])}
    assert ("refinement" in shapes) == ("refinement" in cfg.model)


# ------------------------------------------------------------------ both stages, small


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """A video of 5 frames with 3 people in each split, and detections."""
    root = tmp_path_factory.mktemp("synthetic_crowded")
    config = SyntheticVideoConfig(
        width=160, height=120, num_frames=5, min_people=3, max_people=3, scene="crowded"
    )
    for split in ("train", "val"):
        write_dataset(
            root,
            split,
            config=config,
            num_videos=1,
            progress=False,
            detections=DetectorNoise(jitter=0.02, duplicate=0.3),
        )
    return root


def prepare(method: str, root: Path, work_dir: Path) -> Config:
    """A small config on the data, an epoch long."""
    row = "stage1" if method == "m2" else method  # M2 is stage 1 as it is
    cfg = load(f"synthetic/tkmr-{row}_hrnet-tiny_synthetic-128x96.py")
    cfg.work_dir = str(work_dir)
    for part in ("train", "val", "test"):
        loader = cfg[f"{part}_dataloader"]
        loader.dataset.data_root = str(root)
        loader.update(num_workers=0, persistent_workers=False)
    cfg.train_cfg.update(max_epochs=1, val_interval=1)
    cfg.train_dataloader.batch_size = 4
    cfg.default_hooks.logger.interval = 1
    cfg.experiment_name = f"{method}_{work_dir.name}"
    return cfg


@pytest.fixture(scope="module")
def stage1(data, tmp_path_factory) -> Path:
    work_dir = tmp_path_factory.mktemp("stage1")
    Runner.from_cfg(prepare("stage1", data, work_dir)).train()
    return work_dir / "epoch_1.pth"


def weights(path: Path) -> dict[str, torch.Tensor]:
    return torch.load(path, weights_only=True)["state_dict"]


@pytest.fixture(scope="module")
def trained(data, stage1, tmp_path_factory) -> dict[str, Path]:
    """Checkpoints of one epoch of the second stage: of M7, and of M4."""
    found = {}
    for method in ("m7", "m4"):
        work_dir = tmp_path_factory.mktemp(method)
        cfg = prepare(method, data, work_dir)
        cfg.custom_hooks[0].checkpoint = str(stage1)
        runner = Runner.from_cfg(cfg)
        runner.train()
        losses = runner.message_hub.get_scalar("train/loss_matching").data[0]
        assert len(losses) == len(runner.train_dataloader) > 1
        assert all(loss > 0 for loss in losses)
        found[method] = work_dir / "epoch_1.pth"
    return found


@pytest.mark.parametrize("method", ["m7", "m4"])
def test_first_stage_is_frozen_bit_by_bit(method, stage1, trained):
    before, after = weights(stage1), weights(trained[method])
    assert [key for key in before if "running_var" in key]
    assert all(torch.equal(value, after[key]) for key, value in before.items())
    new = {key.split(".")[1] for key in after if key not in before}
    assert new == {"matching_head"} | ({"refinement_head"} if method == "m7" else set())


@pytest.mark.parametrize("method", ["m7", "m4"])
def test_second_stage_trains_all_that_is_new(method, data, trained, tmp_path):
    """Every weight differs from where it began; the seed is the config's."""
    after = weights(trained[method])
    runner = Runner.from_cfg(prepare(method, data, tmp_path))
    runner.model.init_weights()
    begun = runner.model.state_dict()
    still = [
        key
        for key, value in after.items()
        if ("matching_head" in key or "refinement_head" in key) and torch.equal(value, begun[key])
    ]
    assert not still


@pytest.mark.parametrize("method", ["m2", "m3", "m4", "m5", "m6", "m7"])
def test_rows_are_tested_with_their_checkpoints(method, data, stage1, trained, tmp_path):
    cfg = prepare(method, data, tmp_path)
    checkpoint = dict(m2=stage1, m3=stage1, m4=trained["m4"]).get(method, trained["m7"])
    cfg.load_from = str(checkpoint)
    cfg.test_evaluator[0].outfile_prefix = str(tmp_path / "found")
    runner = Runner.from_cfg(cfg)
    assert runner.test()["posetrack/unreadable_frames"] == 0
    given = weights(checkpoint)
    for key, value in runner.model.state_dict().items():  # M5 leaves M7's refinement alone
        assert torch.equal(value, given[key]), key
    (file,) = (tmp_path / "found").glob("*.json")
    found = json.loads(file.read_text())
    assert len(found["images"]) == 5
    people = Counter((p["image_id"], p["track_id"]) for p in found["annotations"])
    assert {image for image, _ in people} == {image["id"] for image in found["images"]}
    assert set(people.values()) == {1}  # no id twice in a frame


def test_checkpoint_of_stage_1_does_not_pass_for_one_of_stage_2(data, stage1, tmp_path):
    cfg = prepare("m5", data, tmp_path)
    cfg.load_from = str(stage1)
    with pytest.raises(RuntimeError, match=r"lacks 17 of .*, all of matching_head\."):
        Runner.from_cfg(cfg).test()
