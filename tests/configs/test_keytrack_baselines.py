"""Configs of the trackers that KeyTrack is compared with."""

import re
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmpose.registry import MODELS

import mmpose_temporal  # noqa: F401 - registers everything
from mmpose_temporal.synthetic import SyntheticVideoConfig, write_dataset

FOLDER = Path(__file__).resolve().parents[2] / "configs/keytrack/baselines"
LEARNING = sorted(str(p.relative_to(FOLDER)) for p in FOLDER.rglob("*_1xb*.py"))
VISUAL = "synthetic/conv-visual_1xb32-5e_synthetic-24x18.py"


@pytest.fixture(autouse=True)
def _scope(_clean_mmengine) -> None:
    DefaultScope.get_instance("keytrack_baselines", scope_name="mmpose")


@pytest.mark.parametrize("name", LEARNING)
def test_what_trains_is_what_the_name_says(name):
    cfg = Config.fromfile(FOLDER / name)
    similarity = MODELS.build(cfg.model.association.similarity)
    assert list(similarity.parameters())
    batch, epochs = re.search(r"_1xb(\d+)-(\d+)e_", name).groups()
    assert (cfg.train_dataloader.batch_size, cfg.train_cfg.max_epochs) == (int(batch), int(epochs))
    if size := re.search(r"-(\d+)x(\d+)\.py", name):
        assert similarity.resolution == (int(size[1]), int(size[2]))


@pytest.mark.parametrize("name", [n for n in LEARNING if "visual" in n])
def test_crops_have_the_size_and_padding_of_the_network(name):
    cfg = Config.fromfile(FOLDER / name)
    steps = {step.type: step for step in cfg.train_dataloader.dataset.pipeline}
    similarity = MODELS.build(cfg.model.association.similarity)
    assert tuple(steps["LoadPairCrops"]["size"]) == similarity.resolution
    assert steps["LoadPairCrops"].get("padding", 1.0) == similarity.padding
    # crops are not mirrored
    assert not {"PosePairFlip", "PosePairShift"} & set(steps)


def test_crops_with_an_estimator_are_those_of_the_training():
    poses, people = (
        Config.fromfile(FOLDER / name).model.association.to_dict()
        for name in (VISUAL, "synthetic/conv-visual_td-hm_hrnet-tiny_synthetic-128x96.py")
    )
    assert poses == people


@pytest.mark.parametrize("name", [n for n in LEARNING if "conv-keypoints" in n])
def test_only_the_network_differs_from_the_transformers(name):
    """Figure 7: the same data, schedule and tracking."""
    transformer = "multiperson_posetrack/keytrack_tx4-128_1xb32-25e_multiperson-posetrack-24x18.py"
    mine = Config.fromfile(FOLDER / name).to_dict()
    other = Config.fromfile(FOLDER.parent / transformer).to_dict()
    assert mine["model"]["association"].pop("similarity")["type"] == "ConvEntailment"
    assert other["model"]["association"].pop("similarity")["type"] == "PoseEntailment"
    assert mine == other


@pytest.mark.parametrize("release", ["synthetic", "posetrack18"])
def test_flow_differs_from_oks_in_the_similarity_only(release):
    (name,) = (FOLDER / release).glob("flow-tracker*.py")
    flow = Config.fromfile(name).to_dict()
    oks = FOLDER.parents[1] / "baselines" / release / name.name.replace("flow-", "oks-")
    oks = Config.fromfile(oks).to_dict()
    del flow["flow_association"]
    assert flow["model"]["association"].pop("similarity")["type"] == "FlowSimilarity"
    assert oks["model"]["association"].pop("similarity") == dict(type="OKSSimilarity")
    assert flow == oks


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory) -> Path:
    """Two splits of one video of 4 frames with 2 people."""
    root = tmp_path_factory.mktemp("synthetic_posetrack")
    config = SyntheticVideoConfig(width=160, height=120, num_frames=4, min_people=2, max_people=2)
    for split in ("train", "val"):
        write_dataset(root, split, config=config, num_videos=1, progress=False)
    return root


def test_crops_are_learned_from_and_looked_at(synthetic, tmp_path):
    """8 poses, of which 3 + 2 + 1 pairs of frames with 2 people: 12 matching pairs, 12 others."""
    cfg = Config.fromfile(FOLDER / VISUAL)
    cfg.work_dir = str(tmp_path)
    for part in ("train", "val", "test"):
        cfg[f"{part}_dataloader"].dataset.data_root = str(synthetic)
    cfg.train_dataloader.update(num_workers=0, persistent_workers=False, batch_size=4)
    cfg.model.association.similarity.channels = 4
    cfg.default_hooks.logger.interval = 1
    runner = Runner.from_cfg(cfg)
    runner.train()
    losses = [float(v) for v in runner.message_hub.get_scalar("train/loss").data[0]]
    assert len(losses) == 5 * 24 / 4
    assert losses[-1] < losses[0]
    figures = runner.test()
    assert figures["posetrack/AP"] == pytest.approx(100)  # annotated poses
    assert 0 <= figures["posetrack/match_accuracy"] <= 100
