"""READMEs, metafiles and the model index name every config, and only what exists."""

import re
from functools import cache
from pathlib import Path

import mmpose
import pytest
import yaml
from mmengine.config import Config

import mmpose_temporal  # noqa: F401 - configs are read as its users read them

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "configs"
ALL = sorted(
    str(path.relative_to(FOLDER))
    for path in FOLDER.rglob("*.py")
    if "_base_" not in path.relative_to(FOLDER).parts
)
TRACKERS = [n for n in ALL if "/detectors/" not in n and "_" in Path(n).stem]  # see test_configs
DOCS = sorted(FOLDER.rglob("README.md"))
METAFILES = sorted(FOLDER.rglob("metafile.yml"))
URL = re.compile(r"https://download\.openmmlab\.com/[^\s)\"']+\.pth")


@pytest.mark.parametrize("doc", DOCS, ids=lambda path: str(path.relative_to(FOLDER)))
def test_readme_names_files_that_exist(doc):
    text = doc.read_text(encoding="utf-8")
    targets = [t for t in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in t]
    assert targets
    assert not [t for t in targets if not (doc.parent / t).exists()]
    named = re.findall(r"(?:configs|tools)/[\w./-]+\.(?:py|sh)", text)
    assert not [
        n for n in named if n != "configs/baselines/detectors/NAME.py" and not (ROOT / n).exists()
    ]


def test_every_config_is_in_a_readme_and_every_tracker_in_the_model_index():
    linked = {
        str((doc.parent / target).resolve().relative_to(FOLDER))
        for doc in DOCS
        for target in re.findall(r"\]\(([^)\s]+\.py)\)", doc.read_text(encoding="utf-8"))
    }
    assert not set(ALL) - linked
    index = yaml.safe_load((ROOT / "model-index.yml").read_text())["Import"]
    assert sorted(index) == [str(path.relative_to(ROOT)) for path in METAFILES]
    models = [model for path in METAFILES for model in yaml.safe_load(path.read_text())["Models"]]
    assert sorted(model["Config"] for model in models) == sorted(f"configs/{n}" for n in TRACKERS)
    assert all(model["Name"] == Path(model["Config"]).stem for model in models)
    collections = {
        c["Name"] for p in METAFILES for c in yaml.safe_load(p.read_text())["Collections"]
    }
    assert {model["In Collection"] for model in models} == collections


@cache
def published() -> set[str]:
    """Addresses of weights in the metafiles of mmpose and mmdet and in mmpose's own configs."""
    mmdet = pytest.importorskip("mmdet")
    ours, theirs = (Path(package.__file__).parent / ".mim/configs" for package in (mmpose, mmdet))
    files = [*ours.rglob("*.yml"), *theirs.rglob("*.yml"), *ours.rglob("posetrack18/*.py")]
    found = {url for file in files for url in URL.findall(file.read_text(encoding="utf-8"))}
    assert len(found) > 500
    return found


def test_every_checkpoint_address_is_one_that_openmmlab_publishes():
    named = {u for f in (*DOCS, *METAFILES) for u in URL.findall(f.read_text(encoding="utf-8"))}
    assert named
    assert not named - published()


def test_configs_begin_with_the_weights_that_the_readme_names():
    """The one config of each estimator that the others are deltas of."""
    bases = [n for n in TRACKERS if n.startswith("baselines/posetrack18/oks") and "dcn" not in n]
    assert len(bases) == 10
    text = (FOLDER / "baselines" / "README.md").read_text(encoding="utf-8")
    for name in bases:
        row = next(r for r in text.splitlines() if f"({name.removeprefix('baselines/')})" in r)
        weights = Config.fromfile(FOLDER / name).load_from
        assert f"[COCO]({weights})" in row
        assert weights in published()
