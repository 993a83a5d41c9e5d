"""The commands that the ablation of CorrTrack runs, and the rows that it tests."""

import importlib.util
import json
from pathlib import Path

import pytest
from mmengine.config import Config

from mmpose_temporal.testing.ablations import fake_tools

ROOT = Path(__file__).resolve().parents[3]
PARTS = ("recovery", "duplicates", "merging")
ROWS = ["corrtrack", "corrtrack-no-refinement", *(f"corrtrack-no-{part}" for part in PARTS)]
for _tracker in ("oks", "keytrack"):
    ROWS += [_tracker, *(f"{_tracker}-{part}" for part in (*PARTS, "all"))]
WITHOUT_ENCODER = {"oks", "oks-duplicates", "keytrack", "keytrack-duplicates"}


@pytest.fixture(scope="module")
def tool():
    path = ROOT / "tools" / "analysis_tools" / "corrtrack_ablation.py"
    spec = importlib.util.spec_from_file_location("corrtrack_ablation", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def done(tool, monkeypatch, tmp_path):
    """Name -> command of all programs, and the figures."""
    commands = fake_tools(monkeypatch)
    options = ["--work-dir", str(tmp_path / "work"), "--data-root", str(tmp_path / "data")]
    assert tool.main(["--seeds", "2", *options]) == 0
    content = json.loads((tmp_path / "work" / "ablation.json").read_text())
    return dict(commands), content["figures"]


def model_of(row: str, commands: dict) -> dict:
    """The model of a row, as tools/test.py makes it."""
    command = commands[f"seed 2: test {row}"]
    config = Config.fromfile(ROOT / command[1])
    options = dict(option.split("=", 1) for option in command if option.startswith("model."))
    values = {"None": None, "[]": []}
    config.merge_from_dict({key: values.get(value, value) for key, value in options.items()})
    return config.model


def test_steps(done):
    """Three trainings, a threshold for each association, and all rows."""
    names = list(done[0])
    assert names[:3] == [f"synthetic {name} videos" for name in ("train", "val", "tuning")]
    steps = [name.removeprefix("seed 2: ") for name in names[3:]]
    assert steps[:3] == [f"train {name}" for name in ("estimator", "embedding", "refinement")]
    assert [s for s in steps if s.startswith("tune")] == [
        "tune corrtrack",
        "tune oks",
        "tune keytrack",
    ]
    assert [s.removeprefix("test ") for s in steps if s.startswith("test")] == ROWS
    assert list(done[1]) == ROWS and done[1]["oks"]["IDSW"]["mean"] == 7


def test_checkpoints(done, tmp_path):
    commands = done[0]
    start = f"load_from={tmp_path}/work/seed2/embedding/epoch_"
    assert any(option.startswith(start) for option in commands["seed 2: train refinement"])
    for name in ("estimator", "embedding"):
        assert not any("load_from" in option for option in commands[f"seed 2: train {name}"])
    encoder = f"frame_encoder.network.checkpoint={tmp_path}/work/seed2/refinement/epoch_"
    for row in ROWS:
        command = commands[f"seed 2: test {row}"]
        assert "seed2/estimator/epoch_" in command[2]
        assert any(encoder in option for option in command) == (row not in WITHOUT_ENCODER)
    assert any(encoder in option for option in commands["seed 2: tune corrtrack"])


def test_parts_of_the_rows(done):
    """Each row has the parts that its name says, and the association is that of its tracker."""
    for row in ROWS:
        model = model_of(row, done[0])
        tracker, *rest = row.split("-")
        has = dict(
            recovery=bool(model.get("propagation")),
            duplicates=bool(model.association.get("births")),
            merging=bool(model.get("merging")),
        )
        assert bool(model.get("frame_encoder")) == (row not in WITHOUT_ENCODER)
        similarity = model.association.similarity.type
        if tracker == "corrtrack":
            assert similarity == "CorrespondenceSimilarity"
            assert has == {part: part not in rest for part in PARTS}
            refined = model.frame_encoder.network.refinement is not None
            assert refined == ("refinement" not in rest)
        else:
            kinds = dict(oks="MotionOKSSimilarity", keytrack="TrackEntailment")
            assert similarity == kinds[tracker]
            assert has == {part: part in rest or "all" in rest for part in PARTS}


@pytest.mark.parametrize("name", ["corr-embedding", "corr-refinement"])
def test_epochs_of_the_phases(tool, name):
    config = Config.fromfile(ROOT / tool.CONFIG.format(f"{name}_hrnet-tiny", "192x192"))
    assert ("load_from" in config and config.load_from is not None) == (name != "corr-embedding")


def test_data_options(tool):
    detected = {name for name, video in tool.VIDEOS.items() if tool.DETECTIONS in video[2]}
    assert detected == {"val", "tuning"}


def test_wrong_options(tool, capsys):
    assert tool.main(["--jobs", "0"]) == 2
    assert "jobs must be 1 or more" in capsys.readouterr().err
