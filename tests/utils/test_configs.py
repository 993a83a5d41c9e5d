"""A user's config, in any folder, on the configs of this project."""

from pathlib import Path

import pytest
from mmengine.config import Config
from mmpose.registry import MODELS

import mmpose_temporal
from mmpose_temporal.engine.command_line import read_config
from mmpose_temporal.utils import base_files, config_files


def test_paths_in_the_order_of_the_names(project_root):
    names = ("baselines/oks-tracker.py", "_base_/models/track_entailment.py")
    found = [Path(path).resolve() for path in config_files(*names)]
    assert found == [project_root / "configs" / name for name in names]
    assert config_files() == []


@pytest.mark.parametrize("name", ["baselines/nowhere.py", "configs/baselines/oks-tracker.py", ""])
def test_unknown_config(name):
    with pytest.raises(FileNotFoundError, match="below configs"):
        mmpose_temporal.config_files(name)


def test_config_of_a_user(tmp_path, monkeypatch):
    """OKS replaced by the shipped matcher, read from the user's folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(
        '_base_ = __import__("mmpose_temporal").config_files(\n'
        '    "baselines/oks-tracker.py", "_base_/models/track_entailment.py"\n'
        ")\n"
        "model = dict(association=dict(_delete_=True, **_base_.shipped_association))\n"
    )
    tracker = MODELS.build(Config.fromfile("mine.py").model)
    assert type(tracker.association.similarity).__name__ == "TrackEntailment"
    found = [(level, path.name) for level, path in base_files("mine.py")]
    assert found == [
        (1, "mine.py"),
        (2, "oks-tracker.py"),
        (3, "oks_tracker.py"),
        (2, "track_entailment.py"),
    ]


def test_base_of_an_unknown_package(tmp_path):
    (tmp_path / "mine.py").write_text('_base_ = "nobodys::a/b.py"\n')
    with pytest.raises(ValueError, match="nobodys"):
        base_files(tmp_path / "mine.py")
    (tmp_path / "mine.py").write_text('_base_ = "./absent.py"\n')
    with pytest.raises(FileNotFoundError):
        base_files(tmp_path / "mine.py")


ANSWER = '_base_ = __import__("mmpose_temporal").config_files("baselines/oks-tracker.py")'


@pytest.mark.parametrize(
    ("name", "text", "parts"),
    [
        (
            "a.py",
            '_base_ = "mmpose_temporal::baselines/oks-tracker.py"',
            ["not 'mmpose_temporal::baselines/oks-tracker.py'; write"],
        ),
        (
            "a.py",
            '_base_ = ["mmpose_temporal::configs/baselines/oks-tracker.py"]',
            ["OpenMMLab's packages only"],
        ),
        (
            "a.json",
            '{"_base_": "mmpose_temporal::baselines/oks-tracker.py"}',
            ["a .json file cannot ask for it", "make it a .py config"],
        ),
        (
            "a.yaml",
            "_base_: mmpose_temporal::baselines/oks-tracker.py",
            ["a .yaml file cannot ask for it"],
        ),
        (
            "a.py",
            "from mmengine.config import read_base\nwith read_base():\n"
            "    from mmpose_temporal.configs.baselines.oks_tracker import *\n",
            ["are no modules, so read_base() cannot import them; write"],
        ),
    ],
)
def test_other_ways_to_inherit_are_answered(tmp_path, name, text, parts):
    """In one line that has the way which works, through our tools."""
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(ValueError, match="cannot be read as a config") as caught:
        read_config(str(file))
    said = str(caught.value)
    assert ANSWER in said and str(file) in said and "\n" not in said
    assert all(part in said for part in parts)


def test_the_answer_is_for_our_configs_only(tmp_path):
    file = tmp_path / "a.py"
    file.write_text('_base_ = "nobodys::a/b.py"\n')
    with pytest.raises(ValueError, match="does not support to load nobodys") as caught:
        read_config(str(file))
    assert "config_files" not in str(caught.value)
