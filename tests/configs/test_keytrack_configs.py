"""Configs of KeyTrack that hold an estimator: what they must share with each other."""

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

FOLDER = Path(__file__).resolve().parents[2] / "configs"
KEYTRACK = FOLDER / "keytrack"
TOPDOWN = sorted(str(p.relative_to(KEYTRACK)) for p in KEYTRACK.rglob("keytrack_td-hm_*.py"))
TINY = "td-hm_hrnet-tiny_synthetic-128x96.py"
POSES = "keytrack_tx2-64_1xb32-5e_synthetic-24x18.py"


def load(name: str) -> dict:
    return Config.fromfile(KEYTRACK / name).to_dict()


def test_both_bases_have_the_same_association():
    """One trains the matcher, the other uses it with an estimator."""
    poses = Config.fromfile(FOLDER / "_base_/models/keytrack.py").model.association.to_dict()
    people = Config.fromfile(FOLDER / "_base_/models/keytrack_tracker.py").keytrack.association
    people = people.to_dict()
    assert people.pop("_delete_") is True
    assert people == poses


def test_there_are_two_sizes_of_each_release():
    releases = [name.split("/")[0] for name in TOPDOWN]
    assert [releases.count(f"posetrack{year}") for year in (17, 18, 21)] == [2, 2, 2]
    for name in TOPDOWN:
        if name.startswith("posetrack"):
            cfg = load(name)
            release = name.split("/")[0]
            for part in ("train", "val", "test"):
                dataset = cfg[f"{part}_dataloader"]["dataset"]
                assert dataset["data_root"] == f"data/{release}/"
            assert cfg["model"]["box_source"]["type"] == "DetectorBoxes"
            assert cfg["test_dataloader"]["dataset"]["box_source"] == "detector"


@pytest.mark.parametrize("name", TOPDOWN)
def test_thresholds_are_the_papers(name):
    model = load(name)["model"]
    assert (model["box_score_thr"], model["keypoint_score_thr"]) == (0.2, 0.1)
    assert model["propagation"] == dict(type="TemporalOKS", oks_thr=0.35, alpha=1.25)
    assert model["association"]["type"] == "HistoryAssociation"
    assert model["association"]["similarity"]["type"] == "PoseEntailment"
    if not name.startswith("synthetic"):
        for part in ("val", "test"):
            evaluator = load(name)[f"{part}_evaluator"]
            assert (evaluator["mota_score_thr"], evaluator["type"]) == (0.57, "PoseTrackMetric")


def test_the_small_matcher_is_that_of_its_own_training():
    poses = load(f"synthetic/{POSES}")["model"]["association"]
    people = load(f"synthetic/keytrack_{TINY}")["model"]["association"]
    for association in (poses, people):
        network = association["similarity"]["network"]
        assert (network["num_layers"], network["hidden"], network["intermediate"]) == (2, 64, 64)
        assert network.get("num_heads", 4) == 4  # the default
    for key in ("history", "nearest", "min_similarity", "assignment"):
        assert people[key] == poses[key]


@pytest.mark.parametrize(
    ("row", "propagation"),
    [
        ("none", None),
        ("box-propagation", dict(type="BoxPropagation", nms_thr=0.3, alpha=1.25)),
        ("toks30", dict(type="TemporalOKS", oks_thr=0.3, alpha=1.25)),
        ("toks35", dict(type="TemporalOKS", oks_thr=0.35, alpha=1.25)),
        ("toks50", dict(type="TemporalOKS", oks_thr=0.5, alpha=1.25)),
        ("toks35-alpha140", dict(type="TemporalOKS", oks_thr=0.35, alpha=1.4)),
    ],
)
def test_rows_of_table_2_differ_in_the_propagation_only(row, propagation):
    cfg, first = (
        load(f"synthetic/oks-tracker_{row}_{TINY}"),
        load(f"synthetic/oks-tracker_none_{TINY}"),
    )
    assert cfg["model"].pop("propagation", None) == propagation
    assert cfg == first


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """One video of 4 frames with 2 people, and detections that miss every second one."""
    root = tmp_path_factory.mktemp("synthetic_posetrack")
    config = SyntheticVideoConfig(width=160, height=120, num_frames=4, min_people=2, max_people=2)
    noise = DetectorNoise(jitter=0.02, miss=0.5, duplicate=0.0, false_positives=0.0)
    write_dataset(root, "val", config=config, num_videos=1, detections=noise, progress=False)
    return root


def test_small_config_tracks_with_a_matcher_of_its_own_training(data, tmp_path):
    """Tested as the README says: weights of the estimator, and the matcher from another file."""
    poses = load(f"synthetic/{POSES}")["model"]
    cfg = Config.fromfile(KEYTRACK / f"synthetic/keytrack_{TINY}")
    cfg.work_dir = str(tmp_path)
    cfg.test_dataloader.dataset.data_root = str(data)
    cfg.test_dataloader.update(num_workers=0, persistent_workers=False)
    with DefaultScope.overwrite_default_scope("mmpose"):
        matcher, tracker = MODELS.build(poses), MODELS.build(cfg.model)
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
