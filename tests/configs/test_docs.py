"""READMEs, metafiles and the model index name every config, and only what exists.

What a README offers in place of a config (options of another one, or a file of one's own) builds.
"""

import re
from functools import cache
from pathlib import Path

import mmpose
import pytest
import torch
import yaml
from mmengine.config import Config, DictAction
from mmengine.registry import DefaultScope
from mmpose.registry import DATASETS, METRICS, MODELS

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
    text = (FOLDER / "baselines" / "README.md").read_text(encoding="utf-8")
    names = [n for n in TRACKERS if n.startswith("baselines/posetrack")]
    assert len(names) == 12
    for name in names:
        row = next(
            r for r in text.splitlines() if f"[OKS]({name.removeprefix('baselines/')})" in r
        )
        weights = Config.fromfile(FOLDER / name).load_from
        assert f"[COCO]({weights})" in row
        assert weights in published()


# ----------------------------------------------------- what stands in place of a config

# `key=value key=value` in a row of a table that links a config
OPTIONS = re.compile(r"`([a-z_]+\.[^`\s=]+=[^`\s]+(?: [^`\s=]+=[^`\s]+)*)`")
LINES = [
    (doc, match)
    for doc in DOCS
    for row in doc.read_text(encoding="utf-8").splitlines()
    if row.startswith("|") and (match := OPTIONS.search(row)) and ".py)" in row
]
EXAMPLES = [
    (doc, block)
    for doc in DOCS
    for block in re.findall(r"```python\n(.*?)```", doc.read_text(encoding="utf-8"), re.DOTALL)
    if "_base_" in block
]


@pytest.fixture(autouse=True)
def _scope(_clean_mmengine) -> None:
    DefaultScope.get_instance("docs", scope_name="mmpose")


def build(cfg: Config) -> None:
    """The parts of a config, the network without its weights."""
    for part in ("train", "val", "test"):
        if f"{part}_dataloader" in cfg:
            DATASETS.build(dict(cfg[f"{part}_dataloader"].dataset, lazy_init=True))
    for evaluator in (*cfg.val_evaluator, *cfg.test_evaluator):
        METRICS.build(evaluator)
    with torch.device("meta"):
        tracker = MODELS.build(cfg.model)
        if cfg.model.type == "PoseTracker":
            width, height = cfg.codec.input_size
            found = tracker.estimator(torch.zeros(1, 3, height, width), None, mode="tensor")
            assert tuple(found.shape[-2:]) == tuple(cfg.codec.heatmap_size[::-1])


@pytest.mark.parametrize(
    ("doc", "match"), LINES, ids=[f"{d.parent.name}:{i}" for i, (d, _) in enumerate(LINES)]
)
def test_documented_options_build(doc, match):
    # the config is the last one that is linked before the options
    (*_, link) = re.findall(r"\]\(([^)\s]+\.py)\)", match.string[: match.start()])
    cfg = Config.fromfile(doc.parent / link)
    options = dict(option.split("=", 1) for option in match[1].split())
    before = cfg.copy()
    cfg.merge_from_dict({k: DictAction._parse_iterable(v) for k, v in options.items()})
    assert cfg.to_dict() != before.to_dict()
    if "box_source" in match[1]:  # for testing; training has its own
        cfg.val_dataloader = cfg.test_dataloader
    build(cfg)


def test_documented_options_are_found():
    """Of the baselines: similarity, 2 kinds of boxes, 3 detectors, 6 backbones."""
    names = [str(doc.parent.relative_to(FOLDER)) for doc, _ in LINES]
    counts = {name: names.count(name) for name in sorted(set(names))}
    assert counts == {"baselines": 13, "keytrack": 4, "keytrack/baselines": 5, "ptm": 4, "tkmr": 7}


@pytest.mark.filterwarnings("ignore:for .* meta parameter")  # shipped weights
@pytest.mark.parametrize(("doc", "block"), EXAMPLES, ids=[d.parent.name for d, _ in EXAMPLES])
def test_example_config_builds_in_a_folder_of_its_own(doc, block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(block)
    build(Config.fromfile("mine.py"))


PROSE = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")]
PROSE += sorted((ROOT / "docs").glob("*.md")) + DOCS


@pytest.mark.parametrize("doc", PROSE, ids=lambda path: str(path.relative_to(ROOT)))
def test_lines_of_prose_have_at_most_100_characters(doc):
    text = re.sub(r"^```.*?^```", "", doc.read_text(encoding="utf-8"), flags=re.M | re.S)
    others = ("|", "  |", "![", "#", "    ")  # tables, images, headings, code
    lines = [line for line in text.split("\n") if not line.startswith(others)]
    assert not [line for line in lines if len(line) > 100 and len(line.split()) > 1]
