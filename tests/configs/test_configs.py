"""Every config file under configs/: it loads, and its parts exist and fit each other."""

import json
import re
from functools import cache
from pathlib import Path

import mmpose
import pytest
import torch
from mmengine.config import Config, DictAction
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope
from mmpose.registry import (
    DATA_SAMPLERS,
    DATASETS,
    HOOKS,
    METRICS,
    MODELS,
    OPTIM_WRAPPERS,
    PARAM_SCHEDULERS,
    VISUALIZERS,
)

import mmpose_temporal  # noqa: F401 - registers everything

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "configs"
ALL = sorted(
    str(path.relative_to(FOLDER))
    for path in FOLDER.rglob("*.py")
    if "_base_" not in path.relative_to(FOLDER).parts
)
DETECTORS = [name for name in ALL if "/detectors/" in name]
# `oks-tracker.py` has no estimator and no data; a recipe says in its name what it trains on.
POSES_ONLY = [name for name in ALL if "_" not in Path(name).stem]
# Trainings on poses alone have no estimator either, see test_pose_training_configs.py.
POSE_TRAININGS = [
    name for name in ALL if re.match(r"keytrack/(?!.*_td-hm_)", name) and name not in POSES_ONLY
]
TRACKERS = [name for name in ALL if name not in (*DETECTORS, *POSES_ONLY, *POSE_TRAININGS)]
MIM = Path(mmpose.__file__).parent / ".mim"


@cache
def _load(name: str) -> Config:
    return Config.fromfile(FOLDER / name)


def load(name: str) -> Config:
    return _load(name).copy()


@pytest.fixture(autouse=True)
def _scope(_clean_mmengine) -> None:
    DefaultScope.get_instance("configs", scope_name="mmpose")


@cache
def _output_shape(estimator: str, size: tuple[int, int]) -> tuple[int, ...]:
    """Shape that an estimator (its config as JSON) gives, without weights or arithmetic."""
    with torch.device("meta"):
        model = MODELS.build(json.loads(estimator))
        return tuple(model(torch.zeros(1, 3, size[1], size[0]), None, mode="tensor").shape)


def plain(part: dict) -> dict:
    """Without the scope that mmengine notes in what comes from another package's config."""
    return {key: value for key, value in part.items() if key != "_scope_"}


def light(model: dict) -> dict:
    """The model's config with another backbone, so that building it takes no time."""
    model = json.loads(json.dumps(model))
    estimator = model["estimator"]
    estimator["backbone"] = dict(type="ResNet", depth=18)
    head = estimator["head"]
    estimator["head"] = dict(
        type="HeatmapHead",
        in_channels=512,
        out_channels=head["out_channels"],
        deconv_out_channels=(8, 8, 8),
        decoder=head["decoder"],
    )
    return model


# ------------------------------------------------------------------------- parts


@pytest.mark.parametrize("name", TRACKERS)
def test_parts_are_built(name):
    """Data sets with pipelines, metrics, hooks, visualizer, optimizer and schedule."""
    cfg = load(name)
    assert cfg.custom_imports == dict(imports=["mmpose_temporal"], allow_failed_imports=False)
    for part in ("train", "val", "test"):
        loader = cfg[f"{part}_dataloader"]
        DATASETS.build(dict(loader.dataset, lazy_init=True))  # pipelines too, no file is read
        assert DATA_SAMPLERS.get(loader.sampler.type) is not None
    for part in ("val", "test"):
        METRICS.build(cfg[f"{part}_evaluator"])
    VISUALIZERS.build(cfg.visualizer)
    for hook in (*cfg.default_hooks.values(), *cfg.get("custom_hooks", [])):
        HOOKS.build(hook)
    wrapper = build_optim_wrapper(torch.nn.Linear(1, 1), cfg.optim_wrapper)
    assert OPTIM_WRAPPERS.get(type(wrapper).__name__) is type(wrapper)
    for step in cfg.param_scheduler:
        kind = PARAM_SCHEDULERS.get(step.type)
        options = plain(step)
        options.pop("type")
        if options.pop("convert_to_iter_based", False):
            kind.build_iter_from_epoch(wrapper.optimizer, epoch_length=5, **options)
        else:
            kind(wrapper.optimizer, **options)


@pytest.mark.parametrize("name", TRACKERS)
def test_tracker_is_built_and_reads_whole_videos(name):
    cfg = load(name)
    model = MODELS.build(light(cfg.model))
    assert model.cropper.input_size == tuple(cfg.codec.input_size)
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        assert loader.sampler.type == "VideoSampler"
        assert not loader.get("drop_last", False)
        asks_detector = type(model.box_source).__name__ == "DetectorBoxes"
        assert (loader.dataset.box_source == "detector") == asks_detector


@pytest.mark.parametrize("name", TRACKERS)
def test_input_and_heatmap_sizes_agree(name):
    """Codec, crops of the training pipeline and the network's output have one geometry."""
    cfg = load(name)
    size, heatmap = tuple(cfg.codec.input_size), tuple(cfg.codec.heatmap_size)
    steps = {step.type: step for step in cfg.train_dataloader.dataset.pipeline}
    assert tuple(steps["TopdownAffine"].input_size) == size
    for codec in (steps["GenerateTarget"].encoder, cfg.model.estimator.head.decoder):
        assert plain(codec) == plain(cfg.codec)
    assert "x".join(map(str, size[::-1])) in name  # 256x192 in the name: height x width
    shape = _output_shape(json.dumps(cfg.model.estimator, sort_keys=True), size)
    assert shape == (1, 17, heatmap[1], heatmap[0])


@pytest.mark.parametrize("name", TRACKERS)
def test_best_checkpoint_is_chosen_by_a_figure_of_the_metric(name):
    cfg = load(name)
    hook = cfg.default_hooks.checkpoint
    metric = METRICS.get(cfg.val_evaluator.type)
    assert hook.save_best in metric.metric_keys(cfg.val_evaluator.get("prefix"))
    # a training of more than an estimator of poses is judged by the tracks
    poses = cfg.model.estimator.get("temporal_loss") is None
    assert hook.save_best == ("posetrack/AP" if poses else "posetrack/MOTA")
    assert hook.rule == "greater"


@pytest.mark.parametrize("name", [n for n in TRACKERS if "/iou-tracker" in n])
def test_iou_config_differs_from_its_oks_sibling_in_the_similarity_only(name):
    iou, oks = load(name).to_dict(), load(name.replace("iou-tracker", "oks-tracker")).to_dict()
    assert iou["model"]["association"].pop("similarity") == dict(type="IoUSimilarity")
    assert oks["model"]["association"].pop("similarity") == dict(type="OKSSimilarity")
    assert iou == oks


def test_every_release_has_every_baseline():
    """3 releases x 5 backbones x 2 sizes x 2 similarities = 60, and 3 with a detector."""
    found = [n for n in TRACKERS if re.match(r"baselines/posetrack(17|18|21)/", n)]
    plain = [n for n in found if "dcn" not in n]
    sizes = {re.search(r"_td-hm_(.+?)_8xb.*-(\d+x\d+)\.py", n).groups() for n in plain}
    assert (len(plain), len(found), len(sizes)) == (60, 63, 10)
    for name in plain:
        release = name.split("/")[1]
        cfg = load(name)
        for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
            assert loader.dataset.data_root == f"data/{release}/"
            assert loader.dataset.get("release", "posetrack18") == release
        batch = int(re.search(r"_8xb(\d+)-20e_", name)[1])
        assert (cfg.train_dataloader.batch_size, cfg.train_cfg.max_epochs) == (batch, 20)


def test_documented_switch_to_annotated_boxes():
    cfg = load(next(n for n in TRACKERS if "posetrack18/oks-tracker" in n))
    assert cfg.test_dataloader.dataset.box_source == "file"
    options = "test_dataloader.dataset.box_source=gt test_dataloader.dataset.bbox_file=None"
    assert options in (FOLDER / "baselines" / "README.md").read_text()
    pairs = dict(option.split("=") for option in options.split())
    cfg.merge_from_dict({k: DictAction._parse_iterable(v) for k, v in pairs.items()})
    dataset = DATASETS.build(dict(cfg.test_dataloader.dataset, lazy_init=True))
    assert (dataset.box_source, dataset.bbox_file) == ("gt", None)


def test_no_base_file_shadows_a_description_of_mmpose():
    """mmpose looks for its data sets' descriptions by relative path, in the work folder first."""
    ours = {path.name for path in (FOLDER / "_base_" / "datasets").glob("*.py")}
    theirs = {path.name for path in (MIM / "configs" / "_base_" / "datasets").glob("*.py")}
    assert len(theirs) > 10
    assert not ours & theirs


@pytest.mark.parametrize("name", POSES_ONLY)
def test_tracker_of_known_poses_is_built(name):
    cfg = load(name)
    assert cfg.custom_imports == dict(imports=["mmpose_temporal"], allow_failed_imports=False)
    model = MODELS.build(cfg.model)
    similarity = cfg.model.association.similarity.type
    assert type(model.association.similarity).__name__ == similarity
    learns = list(model.parameters())  # those that do have weights that come with the package
    given = cfg.model.association.similarity.get("checkpoint", "")
    assert not learns or given.startswith("shipped:")


# --------------------------------------------------------------------- detectors


@pytest.mark.parametrize("name", DETECTORS)
def test_detector_is_built(name):
    mmdet = pytest.importorskip("mmdet")
    from mmdet.registry import MODELS as DETECTION_MODELS
    from mmdet.utils import get_test_pipeline_cfg, register_all_modules

    register_all_modules(init_default_scope=False)
    cfg = load(name)
    with DefaultScope.overwrite_default_scope("mmdet"), torch.device("meta"):
        model = DETECTION_MODELS.build(cfg.model)
    dcn = [n for n, _ in model.backbone.named_modules() if n.endswith("conv_offset")]
    assert len(dcn) == 4 + 23 + 3  # every block of conv3 to conv5 of a ResNet-101
    last = model.roi_head.bbox_head
    last = last[-1] if isinstance(last, torch.nn.ModuleList) else last
    assert last.num_classes == 80  # COCO, where people have label 0
    assert get_test_pipeline_cfg(cfg)[0]["type"] == "LoadImageFromFile"
    listed = "".join(
        path.read_text() for path in (Path(mmdet.__file__).parent / ".mim").rglob("metafile.yml")
    )
    assert cfg.load_from in listed


@pytest.mark.parametrize("name", [n for n in TRACKERS if "dcn" in n])
def test_tracker_with_a_detector_names_its_config_and_weights(name):
    source = load(name).model.box_source
    assert source.config.removeprefix("configs/") in DETECTORS
    assert load(source.config.removeprefix("configs/")).load_from == source.checkpoint
