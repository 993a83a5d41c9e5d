"""KeyTrack's configs are the rows of its tables, and the small ones train and track."""

from functools import cache
from pathlib import Path

import pytest
import torch
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
from mmpose_temporal.utils.training_mark import mark_as_trained

KEYTRACK = Path(__file__).resolve().parents[2] / "configs" / "keytrack"
TINY = "td-hm_hrnet-tiny_synthetic-128x96.py"
POSES = "synthetic/keytrack_tx2-64_1xb32-5e_synthetic-24x18.py"
VISUAL = "baselines/synthetic/conv-visual_1xb32-5e_synthetic-24x18.py"


@cache
def _load(name: str) -> Config:
    return Config.fromfile(KEYTRACK / name)


def load(name: str) -> dict:
    return _load(name).copy().to_dict()


def variant(tag: str) -> str:
    return f"multiperson_posetrack/keytrack_{tag}_1xb32-25e_multiperson-posetrack-24x18.py"


# Table 3: what differs from row 3
TABLE_3 = {
    "tx4-128_no-segment": dict(use_segment=False),
    "tx4-128_no-type": dict(use_type=False),
    "tx4-128_relative": dict(position=("relative",)),
    "tx4-128_absolute-relative": dict(position=("absolute", "relative")),
}
# Table 7: layers, hidden, intermediate, heads; 126 where 6 heads do not divide the paper's 128
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


@pytest.mark.parametrize("tag", TABLE_3)
def test_rows_of_table_3_differ_in_the_tokens_only(tag):
    first, row = load(variant("tx4-128")), load(variant(tag))
    similarity = row["model"]["association"]["similarity"]
    assert {option: similarity.pop(option) for option in TABLE_3[tag]} == TABLE_3[tag]
    assert row == first


@pytest.mark.parametrize("tag", TABLE_7)
def test_rows_of_table_7_differ_in_the_network_only(tag):
    first, row = load(variant("tx4-128")), load(variant(tag))
    network = row["model"]["association"]["similarity"].pop("network")
    first["model"]["association"]["similarity"].pop("network")
    names = ("num_layers", "hidden", "intermediate", "num_heads")
    assert tuple(network[name] for name in names) == TABLE_7[tag]
    assert row == first


def test_every_variant_is_a_row_of_a_table():
    found = sorted((KEYTRACK / "multiperson_posetrack").glob("keytrack_*.py"))
    rows = {variant(tag) for tag in (*TABLE_3, *TABLE_7)}
    assert [str(path.relative_to(KEYTRACK)) for path in found] == sorted(rows)


@pytest.mark.parametrize(
    ("row", "propagation"),
    [
        ("none", None),
        ("box-propagation", "BoxPropagation"),
        ("toks30", 0.3),
        ("toks35", 0.35),
        ("toks50", 0.5),
    ],
)
def test_rows_of_table_2_differ_in_the_propagation_only(row, propagation):
    cfg, first = (load(f"synthetic/oks-tracker_{tag}_{TINY}") for tag in (row, "none"))
    found = cfg["model"].pop("propagation", {})
    assert propagation == found.get("oks_thr", found.get("type"))
    assert cfg == first


def test_the_small_matcher_is_that_of_its_own_training():
    poses, people = (
        load(n)["model"]["association"] for n in (POSES, f"synthetic/keytrack_{TINY}")
    )
    assert poses == people


def test_flow_differs_from_the_published_oks_in_the_similarity_only():
    (name,) = (KEYTRACK / "baselines" / "posetrack18").glob("flow-tracker*.py")
    oks = KEYTRACK.parent / "baselines/posetrack18" / name.name.replace("flow-", "oks-")
    flow, oks = Config.fromfile(name).to_dict(), Config.fromfile(oks).to_dict()
    del flow["flow_association"]
    by_flow, published = flow["model"].pop("association"), oks["published_oks_association"]
    assert by_flow.pop("similarity")["type"] == "FlowSimilarity"
    assert oks["published_oks_association"].pop("similarity")["type"] == "OKSSimilarity"
    assert by_flow == published
    for config in (flow, oks):
        config["model"].pop("association", None)
        config.pop("published_oks_association")
    assert flow == oks


def test_crops_have_the_size_and_padding_of_the_network():
    cfg = Config.fromfile(KEYTRACK / VISUAL)
    steps = {step.type: step for step in cfg.train_dataloader.dataset.pipeline}
    with DefaultScope.overwrite_default_scope("mmpose"):
        similarity = MODELS.build(cfg.model.association.similarity)
    assert tuple(steps["LoadPairCrops"]["size"]) == similarity.resolution
    assert steps["LoadPairCrops"].get("padding", 1.0) == similarity.padding
    # crops are not mirrored
    assert not {"PosePairFlip", "PosePairShift"} & set(steps)


# ------------------------------------------------------------------------- runs


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """One video of 4 frames with 2 people in each split, and detections that miss half of them."""
    root = tmp_path_factory.mktemp("synthetic_posetrack")
    config = SyntheticVideoConfig(width=160, height=120, num_frames=4, min_people=2, max_people=2)
    noise = DetectorNoise(jitter=0.02, miss=0.5, duplicate=0.0, false_positives=0.0)
    for split in ("train", "val"):
        write_dataset(root, split, config=config, num_videos=1, detections=noise, progress=False)
    return root


def test_crops_are_learned_from_and_looked_at(data, tmp_path):
    """8 poses, of which 3 + 2 + 1 pairs of frames with 2 people: 12 matching pairs, 12 others."""
    cfg = Config.fromfile(KEYTRACK / VISUAL)
    cfg.work_dir = str(tmp_path)
    for part in ("train", "val", "test"):
        cfg[f"{part}_dataloader"].dataset.data_root = str(data)
    cfg.train_dataloader.update(num_workers=0, persistent_workers=False, batch_size=4)
    # the people of the training, so that what was learned shows
    cfg.test_dataloader.dataset.ann_file = cfg.train_dataloader.dataset.ann_file
    cfg.model.association.similarity.channels = 4
    cfg.default_hooks.logger.interval = 1
    runner = Runner.from_cfg(cfg)
    runner.train()
    losses = [float(v) for v in runner.message_hub.get_scalar("train/loss").data[0]]
    assert len(losses) == 5 * 24 / 4
    assert losses[-1] < losses[0]
    figures = runner.test()
    assert figures["posetrack/AP"] == pytest.approx(100)  # annotated poses
    # the six people of the three later frames are each matched with themselves
    assert figures["posetrack/match_accuracy"] == pytest.approx(100)


def test_small_config_tracks_with_a_matcher_of_its_own_training(data, tmp_path):
    """Tested as the README says: weights of the estimator, and the matcher from another file."""
    poses = load(POSES)["model"]
    cfg = Config.fromfile(KEYTRACK / f"synthetic/keytrack_{TINY}")
    cfg.work_dir = str(tmp_path)
    cfg.test_dataloader.dataset.data_root = str(data)
    cfg.test_dataloader.update(num_workers=0, persistent_workers=False)
    with DefaultScope.overwrite_default_scope("mmpose"):
        matcher, tracker = MODELS.build(poses), MODELS.build(cfg.model)
    mark_as_trained(matcher)
    torch.save(dict(state_dict=matcher.state_dict()), tmp_path / "matcher.pth")
    torch.save(dict(state_dict=tracker.estimator.state_dict()), tmp_path / "estimator.pth")
    cfg.load_from = str(tmp_path / "estimator.pth")
    cfg.experiment_name = "without"
    with pytest.raises(RuntimeError, match=r"does not fit PoseEntailment.*option checkpoint"):
        Runner.from_cfg(cfg).test()
    cfg.model.association.similarity.checkpoint = str(tmp_path / "matcher.pth")
    cfg.experiment_name = "with"
    runner = Runner.from_cfg(cfg)
    assert "posetrack/AP" in runner.test()
    found = runner.model.association.similarity.state_dict()
    for name, value in matcher.association.similarity.state_dict().items():
        torch.testing.assert_close(found[name], value)
