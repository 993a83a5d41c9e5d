"""Configs that are none, and misspelt ones: one line that names the file."""

import pytest
from mmengine.config import Config
from mmpose.registry import MODELS

from mmpose_temporal.utils.config_errors import (
    building,
    check_dataloaders,
    merge_options,
    model_settings,
    other_model,
    read_config,
)

BROKEN = {
    "syntax.py": (b"a = 1\nb = (\n", r"SyntaxError: '\(' was never closed in line 2"),
    "name.py": (b"x = 1\ny = x + z\n", "NameError: name 'z' is not defined in line 2"),
    "import.py": (
        b"__import__('nothing_here')",
        "ModuleNotFoundError: No module named 'nothing_here'",
    ),
    "exit.py": (b"import sys\nsys.exit(3)\n", "SystemExit: 3 in line 2"),
    "bytes.py": (b"\0\1\2\xff", "UnicodeDecodeError"),
    "cut.json": (b'{"model": {"type"', "JSONDecodeError"),
    "list.json": (b"[1, 2]", "it holds no settings by name: write an object"),
    "cut.yaml": (b"model: [a\n", "ParserError"),
    "on_syntax.py": (
        b'_base_ = "syntax.py"',
        r"was never closed in line 2 of .*/syntax\.py, which",
    ),
    "on_name.py": (
        b'_base_ = "name.py"',
        r"'z' is not defined in line 2 of .*/name\.py, which it",
    ),
    "on_itself.py": (b'_base_ = "on_itself.py"', "it is based on itself, or calls itself"),
}


@pytest.fixture
def folder(tmp_path):
    for name, (data, _) in BROKEN.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_config(folder, name):
    path = folder / name
    with pytest.raises(ValueError, match=f"^{path} cannot be read as a config: ") as caught:
        read_config(path)
    text = str(caught.value)
    assert "\n" not in text
    with pytest.raises(ValueError, match=BROKEN[name][1]):
        raise caught.value


def test_files_that_are_something_else(tmp_path):
    with pytest.raises(ValueError, match="is a folder, no config: name a .py file in it"):
        read_config(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"^config .*x\.py does not exist$"):
        read_config(tmp_path / "x.py")
    for name, data, answer in (
        ("x.txt", "model = 1", r"no config: name a file that ends in \.py, \.json"),
        ("x.pth", "model = 1", r"no config: name a file that ends in \.py, \.json"),
        ("page.py", "<!doctype html>", "no config: it is a web page"),
        ("pointer.py", "version https://git-lfs.github.com/spec/v1", "no config: it is a Git LFS"),
        ("empty.py", "", "no config: it is empty"),
    ):
        (tmp_path / name).write_text(data)
        with pytest.raises(ValueError, match=f"^{tmp_path / name} is {answer}"):
            read_config(tmp_path / name)
    (tmp_path / "base.py").write_text('_base_ = "nowhere.py"')
    with pytest.raises(FileNotFoundError, match=r"base\.py is based on or reads .*nowhere\.py, w"):
        read_config(tmp_path / "base.py")
    (tmp_path / "base.py").write_text('_base_ = open("nowhere.txt")')
    with pytest.raises(FileNotFoundError, match=r"base\.py .*reads nowhere\.txt, which does not"):
        read_config(tmp_path / "base.py")
    (tmp_path / "base.py").write_text(
        '_base_ = __import__("mmpose_temporal").config_files("keytrack/nowhere.py")'
    )
    with pytest.raises(
        FileNotFoundError,
        match=r"base\.py cannot be read as a config: mmpose_temporal has no config 'keytrack/now.*"
        r"configs/$",
    ):
        read_config(tmp_path / "base.py")


def test_a_relative_path_is_not_its_own_base(folder, monkeypatch):
    monkeypatch.chdir(folder)
    with pytest.raises(ValueError, match=r"'z' is not defined in line 2$"):
        read_config("name.py")
    with pytest.raises(ValueError, match="JSONDecodeError") as caught:
        read_config("cut.json")
    assert "based on" not in str(caught.value)


def test_a_good_config_and_its_options(tmp_path):
    (tmp_path / "x.py").write_text("model = dict(type='A', b=1)")
    config = read_config(tmp_path / "x.py", {"model.b": 2})
    assert model_settings(config) == dict(type="A", b=2)
    assert config.filename == str(tmp_path / "x.py")
    with pytest.raises(ValueError, match="--cfg-options does not fit the config"):
        merge_options(config, {"model.b": [1], "model.b.9.x": 3})


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        (dict(), "the config has no model, but nothing: name the config of a tracker"),
        (dict(a=1, b=2), "the config has no model, but a, b: name"),
        (dict(model=3), "the config: model must be a dict with a type, got 3"),
        (dict(model=dict(a=1)), "the config: model must be a dict with a type"),
    ],
)
def test_without_a_model(content, answer):
    with pytest.raises(ValueError, match=answer):
        model_settings(Config(content))


def test_a_model_of_another_kind():
    config = Config(dict(model=dict(type="PoseOnlyTraker")))
    text = other_model(config, "a tracker is needed")
    assert text == (
        "the config: a tracker is needed; the config's model is PoseOnlyTraker, which is not "
        "registered: did you mean 'PoseOnlyTracker'?"
    )
    config.model.type = "PoseTracker"
    assert other_model(config, "x").endswith("; the config's model is PoseTracker")
    assert other_model(Config(dict()), "x").endswith("; the config's model is None")


def similarity(**options) -> dict:
    return dict(dict(type="OKSSimilarity"), **options)


def association(**options) -> dict:
    return dict(dict(type="Association", similarity=similarity(), min_similarity=0.1), **options)


@pytest.mark.parametrize(
    ("settings", "answer"),
    [
        (
            similarity(type="OKSSimilarty"),
            "type 'OKSSimilarty' is not registered as a model: did ",
        ),
        (similarity(type="OKSSimilarty"), "did you mean 'OKSSimilarity'"),
        (similarity(type="Xyz"), "not registered as a model: look for a misspelt name, or import"),
        (similarity(sigma=1), "OKSSimilarity has no option 'sigma': did you mean 'sigmas'"),
        (similarity(zzz=1), "OKSSimilarity has no option 'zzz': it has "),
        (association(min_similarty=1), "has no option '?min_similarty"),
        (association(similarity=similarity(type="IoU")), "type 'IoU' is not registered"),
        (dict(type="Association"), "missing \\d required .*'similarity'"),
        (
            dict(type="PoseOnlyTracker", association=association(), keypoint_score_th=0),
            "score_thr'",
        ),
        (
            dict(type="PoseOnlyTracker", association=association(), propagation=dict(type="x")),
            "TrackerModel has no option 'propagation', which PoseTracker has: leave it out, or",
        ),
        (dict(type="PoseOnlyTracker", association=3), "cfg should be a dict"),
        (dict(similarity(), type=7), "type must be a str or valid type"),
        (dict(type="nowhere.Tracker"), "nowhere"),
    ],
)
def test_misspelt_parts(settings, answer):
    with pytest.raises(ValueError, match=answer) as caught, building("x.py"):
        MODELS.build(settings)
    text = str(caught.value)
    assert text.startswith("x.py: ") or "has no option min_similarty" in text
    assert "\n" not in text


def test_errors_that_are_no_misspelling_pass():
    with pytest.raises(KeyError, match="'a'"), building("x.py"):
        {}["a"]
    with pytest.raises(TypeError, match="takes"), building("x.py"):
        len()

    def fails(**_):
        return {}["inside"]

    with pytest.raises(KeyError, match="inside"), building("x.py"):
        MODELS.build(dict(type=fails))


@pytest.mark.parametrize(
    ("option", "value", "off"), [("persistent_workers", True, False), ("prefetch_factor", 2, None)]
)
def test_options_of_workers_without_workers(option, value, off):
    loader = {"num_workers": 0, option: value}
    config = Config(dict(val_dataloader=loader, train_dataloader=dict(loader, num_workers=2)))
    check_dataloaders(config, "train_dataloader", "test_dataloader")
    with pytest.raises(
        ValueError, match=f"the config: val_dataloader has num_workers=0 and {option}"
    ):
        check_dataloaders(config, "val_dataloader")
    config.val_dataloader[option] = off
    check_dataloaders(config, "val_dataloader")
