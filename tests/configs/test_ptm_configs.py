"""PTM's configs are the rows of its tables; a row and its baseline differ in the memory only."""

import re
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpose.registry import MODELS

import mmpose_temporal  # noqa: F401 - registers everything
from mmpose_temporal.models.necks import keypoint_quality

FOLDER = Path(__file__).resolve().parents[2] / "configs" / "ptm"
NAMES = sorted(
    str(path.relative_to(FOLDER))
    for path in FOLDER.rglob("*.py")
    if path.parent.name.startswith("posetrack")
)
MEMORIES = [name for name in NAMES if "/ptm-baseline" not in name]
CPN = "_cpn-res101_8xb4-3e_posetrack18-384x288.py"
# Paper, Tables 1, 2, 3 and 5; AP / MOTA.
TABLES = """
18 ptm-1_cpn-res101             72.1 / 62.7
18 ptm-2_cpn-res101             72.6 / 63.0
18 ptm-4_cpn-res101             72.9 / 63.2
18 ptm-8_cpn-res101             73.1 / 63.4
18 ptm-16_cpn-res101            73.2 / 63.4
18 ptm-16-vanilla_cpn-res101    70.5 / 61.9
18 ptm-16-coda_cpn-res101       72.6 / 63.2
18 ptm-baseline_cpn-res101      71.0 / 61.6
18 ptm-16_cpn-res101            74.8 / 64.5
18 ptm-baseline_res152          72.4 / 63.8
18 ptm-16_res152                75.0 / 65.3
17 ptm-baseline_cpn-res101      69.4 / 60.6
17 ptm-16_cpn-res101            73.5 / 63.6
17 ptm-baseline_res152          71.2 / 64.0
17 ptm-16_res152                74.1 / 65.6
"""
ROWS = [line.split(maxsplit=2) for line in TABLES.strip().splitlines()]


@cache
def _load(name: str) -> Config:
    return Config.fromfile(FOLDER / name)


def load(name: str) -> Config:
    return deepcopy(_load(name))


def options(cfg: Config) -> dict:
    """Those of the memory neck, wherever it is."""
    neck = cfg.model.estimator.neck
    return neck.get("memory", neck)


@pytest.fixture(autouse=True)
def _scope(_clean_mmengine) -> None:
    DefaultScope.get_instance("ptm", scope_name="mmpose")


@pytest.mark.parametrize(("release", "row", "figures"), ROWS, ids=[" ".join(r[:2]) for r in ROWS])
def test_row_of_the_tables(release, row, figures):
    (name,) = [n for n in NAMES if n.startswith(f"posetrack{release}/{row}_")]
    table = (FOLDER / "README.md").read_text()
    assert re.search(rf"\]\({re.escape(name)}\) \| {figures} \|", table)


@pytest.mark.parametrize("capacity", [1, 2, 4, 8])
def test_rows_of_table_1_differ_in_the_capacity_only(capacity):
    row, last = load(f"posetrack18/ptm-{capacity}{CPN}"), load(f"posetrack18/ptm-16{CPN}")
    assert (options(row).capacity, options(last).capacity) == (capacity, 16)
    options(row).capacity = 16
    assert row.to_dict() == last.to_dict()


@pytest.mark.parametrize(
    ("tag", "name", "value", "crowd"),
    [
        ("vanilla", "attention", "vanilla", 8),
        ("coda", "attention", "coda", 8),
        ("no-replacement", "replacement", False, None),
    ],
)
def test_ablations_differ_in_one_option(tag, name, value, crowd):
    row, full = load(f"posetrack18/ptm-16-{tag}{CPN}"), load(f"posetrack18/ptm-16{CPN}")
    assert options(row).pop(name) == value
    options(full).pop(name, None)
    for part in ("val", "test"):
        assert row[f"{part}_dataloader"].dataset.pop("crowd_size", None) == crowd
    assert row.to_dict() == full.to_dict()


@pytest.mark.parametrize("name", MEMORIES)
def test_memory_and_baseline_have_the_same_boxes_tracking_and_network(name):
    cfg = load(name)
    checkpoint = cfg.custom_hooks[0].checkpoint
    base = checkpoint.removeprefix("work_dirs/").removesuffix("/epoch_20.pth")
    first = load(f"{Path(name).parent}/{base}.py")
    assert first.train_cfg.max_epochs == 20
    memory = cfg.model.pop("memory")
    assert (memory.type, memory.follow, memory.max_age) == ("PersonMemory", "boxes", 1)
    networks = cfg.model.pop("estimator"), first.model.pop("estimator")
    assert cfg.model.to_dict() == first.model.to_dict()
    crowded = "crowd_size" in cfg.test_dataloader.dataset
    assert crowded == bool(re.search("coda|vanilla", name))
    cfg.test_dataloader.dataset.pop("crowd_size", None)
    assert cfg.test_dataloader.to_dict() == first.test_dataloader.to_dict()
    with torch.device("meta"):
        states = [MODELS.build(network).state_dict() for network in networks]
    shapes = [{key: value.shape for key, value in state.items()} for state in states]
    new = {key for key in shapes[0] if key not in shapes[1]}
    prefix = "neck.memory." if "_cpn" in name else "neck."
    assert new == {
        prefix + part for part in ("alpha", "to_key.weight", "to_query.weight", "to_value.weight")
    } | {key for key in new if key.endswith("untrained")}
    assert {key: shapes[0][key] for key in shapes[1]} == shapes[1]


@pytest.mark.parametrize("name", MEMORIES)
def test_memory_sees_12_x_9_cells_and_its_capacity_is_filled(name):
    """Section 3.3: (12, 9, 2048) and (12, 9, 256); HRNet's 96 x 72 are pooled to it."""
    cfg = load(name)
    seen = {}
    with torch.device("meta"):
        estimator = MODELS.build(cfg.model.estimator)
        neck = dict(estimator.named_modules())["neck.memory" if "_cpn" in name else "neck"]
        neck.register_forward_pre_hook(lambda _, args: seen.update(x=args[0][neck.in_index]))
        estimator(torch.zeros(1, 3, 384, 288), None, mode="tensor")
    channels = {"cpn": 256, "res152": 2048, "hrnet-w32": 32, "hrnet-w48": 48}
    expected = next(size for network, size in channels.items() if f"_{network}" in name)
    assert seen["x"].shape[1] == expected == neck.in_channels
    assert tuple(neck.pool(seen["x"]).shape[-2:]) == (12, 9)
    draw = cfg.train_dataloader.dataset.draw
    assert draw.type == "OrderedDraw"
    assert draw.num_frames == 16 + 1 > neck.capacity


@pytest.mark.parametrize("name", MEMORIES)
def test_a_perfect_peak_has_the_quality_that_the_thresholds_are_for(name):
    """exp(-r^2 / 2 s^2) blurred with a standard deviation of d has s^2 / (s^2 + d^2) left."""
    cfg = load(name)
    with torch.device("meta"):
        estimator = MODELS.build(cfg.model.estimator)
    neck = dict(estimator.named_modules())["neck.memory" if "_cpn" in name else "neck"]
    y, x = torch.meshgrid(torch.arange(96.0), torch.arange(72.0), indexing="ij")
    squares = (x - 36) ** 2 + (y - 48) ** 2
    target = torch.exp(-squares / (2 * cfg.codec.sigma**2))
    quality, _ = keypoint_quality(target[None, None], kernel=neck.blur_kernel)
    assert quality.item() == pytest.approx(1.0, abs=0.03)
    assert neck.low_thr < neck.high_thr < quality.item()
    assert neck.heatmap_thr < 17 * quality.item()
