"""Configs that train a similarity on poses alone: their parts are built and fit each other."""

import re
from functools import cache
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope
from mmpose.registry import (
    DATA_SAMPLERS,
    DATASETS,
    HOOKS,
    METRICS,
    MODELS,
    PARAM_SCHEDULERS,
    VISUALIZERS,
)

import mmpose_temporal  # noqa: F401 - registers everything

FOLDER = Path(__file__).resolve().parents[2] / "configs"
ALL = sorted(
    str(path.relative_to(FOLDER))
    for path in (FOLDER / "keytrack").rglob("*.py")
    if "_td-hm_" not in path.stem and "_" in path.stem
)
ENTAILMENT = [name for name in ALL if "/keytrack_tx" in name]
PAPER = "keytrack_tx4-128_1xb32-25e_multiperson-posetrack-24x18"
VARIANTS = [n for n in ENTAILMENT if "multiperson_posetrack/" in n and Path(n).stem != PAPER]
SHAPES = dict(keypoints=(4, 2, 17, 2), keypoint_scores=(4, 2, 17))


@cache
def _load(name: str) -> Config:
    return Config.fromfile(FOLDER / name)


def load(name: str) -> Config:
    return _load(name).copy()


def variant(tag: str) -> str:
    return (
        f"keytrack/multiperson_posetrack/keytrack_{tag}_1xb32-25e_multiperson-posetrack-24x18.py"
    )


@pytest.fixture(autouse=True)
def _scope(_clean_mmengine) -> None:
    DefaultScope.get_instance("configs", scope_name="mmpose")


def batch(cfg: Config) -> dict[str, torch.Tensor]:
    """Four pairs of random poses in frames of 640 x 480, with crops where they are loaded."""
    generator = torch.Generator().manual_seed(0)
    points = torch.rand(SHAPES["keypoints"], generator=generator) * torch.tensor([640.0, 480.0])
    crops = {}
    for step in cfg.train_dataloader.dataset.pipeline:
        if step.type == "LoadPairCrops":
            shape = (4, 2, 3, *step.size[::-1])
            crops["crops"] = torch.randint(0, 256, shape, generator=generator).byte()
    return dict(
        crops,
        keypoints=points,
        keypoint_scores=torch.ones(SHAPES["keypoint_scores"]),
        boxes=torch.cat([points.amin(2), points.amax(2)], dim=-1),
        frame_size=torch.tensor([[640.0, 480.0]]).repeat(4, 1),
        distance=torch.ones(4, dtype=torch.int64),
        labels=torch.tensor([0, 1, 0, 1]),
    )


@pytest.mark.parametrize("name", ALL)
def test_parts_are_built(name):
    cfg = load(name)
    assert cfg.custom_imports == dict(imports=["mmpose_temporal"], allow_failed_imports=False)
    assert cfg.default_scope == "mmpose"
    for part in ("train", "val", "test"):
        loader = cfg[f"{part}_dataloader"]
        DATASETS.build(dict(loader.dataset, lazy_init=True))  # pipelines too, no file is read
        assert DATA_SAMPLERS.get(loader.sampler.type) is not None
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        kinds = (loader.dataset.type, loader.sampler.type)
        assert kinds == ("PoseTrackPoseDataset", "VideoSampler")
    for part in ("val", "test"):
        evaluators = cfg[f"{part}_evaluator"]
        evaluators = evaluators if isinstance(evaluators, list) else [evaluators]
        kinds = [type(METRICS.build(evaluator)).__name__ for evaluator in evaluators]
        assert "PoseTrackMetric" in kinds
    VISUALIZERS.build(cfg.visualizer)
    for hook in cfg.default_hooks.values():
        HOOKS.build(hook)
    assert "badcase" not in cfg.default_hooks


@pytest.mark.parametrize("name", ALL)
def test_loss_is_a_number_and_reaches_every_weight(name):
    torch.manual_seed(0)
    cfg = load(name)
    if cfg.train_dataloader.dataset.type != "PosePairDataset":
        pytest.skip("trains on something else than pairs of poses")
    assert cfg.train_dataloader.sampler.type == "BalancedPairSampler"
    model = MODELS.build(cfg.model)
    losses = model(batch(cfg), None, mode="loss")
    loss, _ = model.parse_losses(losses)
    assert torch.isfinite(loss)
    loss.backward()
    without = [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None]
    assert not without


@pytest.mark.parametrize("name", ALL)
def test_name_says_the_recipe(name):
    cfg = load(name)
    batch_size, epochs = re.search(r"_1xb(\d+)-(\d+)e_", name).groups()
    assert cfg.train_dataloader.batch_size == int(batch_size)
    if "auto_scale_lr" in cfg:
        assert cfg.auto_scale_lr.base_batch_size == int(batch_size)
    assert cfg.train_cfg.max_epochs == int(epochs)
    roots = {cfg[f"{part}_dataloader"].dataset.data_root for part in ("train", "val", "test")}
    folder = Path(name).parent.name
    assert roots == {f"data/{'synthetic_posetrack' if folder == 'synthetic' else folder}/"}


@pytest.mark.parametrize("name", ENTAILMENT)
def test_size_in_the_name_is_that_of_the_network(name):
    layers, hidden = map(int, re.search(r"_tx(\d)-(\d+)_", name).groups())
    cfg = load(name)
    network = cfg.model.association.similarity.network
    assert (network.num_layers, network.hidden) == (layers, hidden)
    columns, rows = cfg.model.association.similarity.resolution
    assert name.endswith(f"-{columns}x{rows}.py")


@pytest.mark.parametrize("name", ENTAILMENT)
def test_training_has_the_distances_that_the_tracker_compares(name):
    cfg = load(name)
    association = cfg.model.association
    assert cfg.train_dataloader.dataset.delta == association.similarity.max_distance
    assert association.history == association.similarity.max_distance
    assert cfg.train_dataloader.dataset.nearest == association.nearest


@pytest.mark.parametrize("name", ENTAILMENT)
def test_learning_rate_rises_and_falls_linearly(name):
    """At 40 steps an epoch: to the peak in the first quarter of one, to 0 at the end."""
    cfg = load(name)
    wrapper = build_optim_wrapper(torch.nn.Linear(1, 1), cfg.optim_wrapper)
    steps = []
    for options in cfg.param_scheduler:
        options = dict(options)
        kind = PARAM_SCHEDULERS.get(options.pop("type"))
        assert options.pop("convert_to_iter_based")
        steps.append(kind.build_iter_from_epoch(wrapper.optimizer, epoch_length=40, **options))
    rates = []
    for _ in range(40 * cfg.train_cfg.max_epochs):
        rates.append(wrapper.get_lr()["lr"][0])
        for step in steps:
            step.step()
    peak = cfg.optim_wrapper.optimizer.lr
    assert rates[0] < peak / 100
    assert rates[10] == pytest.approx(peak)  # a quarter of 40
    assert rates[5] == pytest.approx(peak * 5 / 9, rel=0.01)  # 9 steps lead from step 0 to 9
    middle = (10 + len(rates)) // 2
    assert rates[middle] == pytest.approx(peak / 2, rel=0.01)
    assert rates[-1] < peak / 100


def test_paper_values():
    cfg = load(variant("tx4-128"))
    assert cfg.train_dataloader.batch_size == 32
    assert cfg.train_cfg.max_epochs == 25
    assert cfg.optim_wrapper.optimizer.lr == 1e-4
    assert cfg.param_scheduler[0].end == 0.01 * 25  # 1 % of the steps
    similarity = cfg.model.association.similarity
    assert similarity.resolution == (24, 18)
    network = dict(num_layers=4, hidden=128, intermediate=128, num_heads=4, dropout=0.1)
    assert similarity.network == network
    assert cfg.model.association.history == 4


TABLE_3 = {
    "tx4-128_no-segment": dict(use_segment=False),
    "tx4-128_no-type": dict(use_type=False),
    "tx4-128_relative": dict(position=("relative",)),
    "tx4-128_absolute-relative": dict(position=("absolute", "relative")),
}


@pytest.mark.parametrize("tag", TABLE_3)
def test_rows_of_table_3_differ_in_the_tokens_only(tag):
    first, row = load(variant("tx4-128")).to_dict(), load(variant(tag)).to_dict()
    similarity = row["model"]["association"]["similarity"]
    for option, value in TABLE_3[tag].items():
        assert similarity.pop(option) == value
    assert row == first


# layers, hidden, intermediate, heads; 126 where 6 heads do not divide the paper's 128
TABLE_7 = {
    "tx2-128_int512": (2, 128, 512, 4),
    "tx4-128_int512": (4, 128, 512, 4),
    "tx6-128_int512": (6, 128, 512, 4),
    "tx4-64_int256": (4, 64, 256, 4),
    "tx4-256_int1024": (4, 256, 1024, 4),
    "tx4-128_2heads": (4, 128, 128, 2),
    "tx4-128": (4, 128, 128, 4),
    "tx4-126_6heads": (4, 126, 128, 6),
}


@pytest.mark.parametrize("tag", TABLE_7)
def test_rows_of_table_7_differ_in_the_network_only(tag):
    first, row = load(variant("tx4-128")).to_dict(), load(variant(tag)).to_dict()
    network = row["model"]["association"]["similarity"].pop("network")
    first["model"]["association"]["similarity"].pop("network")
    names = ("num_layers", "hidden", "intermediate", "num_heads")
    assert tuple(network[name] for name in names) == TABLE_7[tag]
    assert network["dropout"] == 0.1
    assert row == first


def test_every_variant_is_one_of_a_table_or_of_section_5_1():
    known = {*TABLE_3, *TABLE_7, "tx4-128_hungarian", "tx4-128_delta1"}
    assert sorted(VARIANTS) == sorted(variant(tag) for tag in known - {"tx4-128"})


def test_hungarian_differs_in_the_assignment_only():
    first, row = (load(variant(t)).to_dict() for t in ("tx4-128", "tx4-128_hungarian"))
    assert row["model"]["association"].pop("assignment") == dict(type="HungarianAssignment")
    assert first["model"]["association"].pop("assignment") == dict(type="GreedyAssignment")
    assert row == first
    model = MODELS.build(load(variant("tx4-128_hungarian")).model)
    assert type(model.association.assignment).__name__ == "HungarianAssignment"


@pytest.mark.parametrize("release", ["posetrack17", "posetrack18", "posetrack21"])
def test_releases_are_asked_for_frame_sizes(release):
    cfg = load(f"keytrack/{release}/keytrack_tx4-128_1xb32-25e_{release}-24x18.py")
    for part in ("train", "val", "test"):
        dataset = cfg[f"{part}_dataloader"].dataset
        assert (dataset.release, dataset.sizes_from_images) == (release, True)
