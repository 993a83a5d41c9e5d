"""Every config under configs/ loads, and its parts exist and fit each other."""

import json
import re
from functools import cache
from itertools import combinations
from pathlib import Path

import mmpose
import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope
from mmpose.apis.inference import dataset_meta_from_config
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
from mmpose_temporal.structures import KEYPOINT_NAMES
from mmpose_temporal.utils import base_files

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "configs"
FILES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.py"))
ALL = [name for name in FILES if not name.startswith("_base_/")]
DETECTORS = [name for name in ALL if "/detectors/" in name]
# `oks-tracker.py` has no estimator and no data; a recipe says in its name what it trains on.
POSES_ONLY = [name for name in ALL if "_" not in Path(name).stem]
# Trainings on single images of COCO have mmpose's data, metric and hooks.
IMAGES = [name for name in ALL if Path(name).parent.name == "coco"]
RECIPES = [name for name in ALL if name not in (*DETECTORS, *POSES_ONLY, *IMAGES)]
# Trainings on poses alone have no estimator.
POSE_TRAININGS = [name for name in RECIPES if re.match(r"keytrack/(?!.*_td-hm_)", name)]
# Trainings of correspondences on pairs of views of stills have no tracker.
STILL_TRAININGS = [
    name for name in ALL if "/corr-embedding_" in name or "/corr-refinement_" in name
]
TRACKERS = [name for name in RECIPES if name not in (*POSE_TRAININGS, *STILL_TRAININGS)]
ENTAILMENT = [name for name in POSE_TRAININGS if "/keytrack_tx" in name]
PARTS = [name for name in FILES if re.match(r"_base_/(models|datasets|schedules)/", name)]
RUNTIME = "_base_/default_runtime.py"
MIM = Path(mmpose.__file__).parent / ".mim"
IMPORTS = dict(imports=["mmpose_temporal"], allow_failed_imports=False)


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
    if model.get("frame_encoder"):  # its weights come from another training
        model["frame_encoder"]["network"]["checkpoint"] = None
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


# ------------------------------------------------------------------------ bases


def test_at_most_four_levels():
    """A config is level 1, its bases are level 2, and so on; mmpose's bases count as well.

    Of a detector, the config of mmdet that it begins with counts, and not what that is made of.
    """
    deep = {
        name: level
        for name in ALL
        for level, path in base_files(FOLDER / name)
        if level > 4 and "mmdet" not in path.parts
    }
    assert not deep


def test_levels_are_counted(tmp_path):
    """a <- b <- mmpose's runtime: three."""
    (tmp_path / "b.py").write_text('_base_ = "mmpose::_base_/default_runtime.py"\n')
    (tmp_path / "a.py").write_text('_base_ = "./b.py"\n')
    found = [(level, path.name) for level, path in base_files(tmp_path / "a.py")]
    assert found == [(1, "a.py"), (2, "b.py"), (3, "default_runtime.py")]


def test_no_chain_leads_through_another_data_set():
    for name in RECIPES:
        folder = Path(name).parent.name
        for _, path in base_files(FOLDER / name):
            if path.is_relative_to(FOLDER) and "_base_" not in path.parts:
                assert path.parent.name == folder, name


# It is in place of a config of mmpose, with `codec` and `train_pipeline` as in those.
ESTIMATOR = "_base_/models/td-hm_hrnet-tiny_128x96.py"
THEIRS = (
    "mmpose::body_2d_keypoint/topdown_heatmap/posetrack18/"
    "td-hm_hrnet-w48_8xb64-20e_posetrack18-256x192.py"
)


def combined(folder: Path, *bases: str) -> Config:
    """A config in another folder with these bases."""
    config = folder / "config.py"
    config.write_text(f"_base_ = {[b if '::' in b else str(FOLDER / b) for b in bases]}\n")
    return Config.fromfile(config, import_custom_modules=False)


def test_any_two_bases_combine(tmp_path):
    """mmengine refuses two bases with the same name in them."""
    assert len(PARTS) > 15
    for one, other in combinations([RUNTIME, *PARTS], 2):
        cfg = combined(tmp_path, one, other)
        assert {*load(one), *load(other)} <= {*cfg}, (one, other)


def test_any_base_combines_with_a_config_of_mmpose(tmp_path):
    for name in (RUNTIME, *PARTS):
        if name != ESTIMATOR:
            cfg = combined(tmp_path, THEIRS, name)
            assert {"model", "train_dataloader", *load(name)} <= {*cfg}, name


def test_all_parts_in_one_config(tmp_path):
    config = tmp_path / "config.py"
    bases = [THEIRS, *(str(FOLDER / n) for n in (RUNTIME, *PARTS) if n != ESTIMATOR)]
    config.write_text(
        f"_base_ = {bases}\n"
        "model = dict(_base_.keytrack_tracker, _delete_=True, type='PoseOnlyTracker',\n"
        "    association=_base_.shipped_association, suppression=_base_.tkmr_pnms)\n"
        "model.pop('propagation')  # it needs an estimator\n"
    )
    tracker = MODELS.build(Config.fromfile(config).model)
    assert type(tracker.association.similarity).__name__ == "TrackEntailment"


# ------------------------------------------------------------------------- parts


def data_sets(dataset: dict) -> list[dict]:
    """The data set, or those that are put together in it."""
    inside = dataset["datasets"] if "datasets" in dataset else [dataset.get("dataset")]
    return [dataset] if inside == [None] else [part for one in inside for part in data_sets(one)]


@pytest.mark.parametrize("name", RECIPES)
def test_parts_are_built(name):
    """Data sets with pipelines, metrics, hooks, visualizer, optimizer and schedule."""
    cfg = load(name)
    assert (cfg.custom_imports, cfg.default_scope) == (IMPORTS, "mmpose")
    for part in ("train", "val", "test"):
        loader = cfg[f"{part}_dataloader"]
        for dataset in data_sets(loader.dataset):
            DATASETS.build(dict(dataset, lazy_init=True))  # pipelines too, no file is read
        assert DATA_SAMPLERS.get(loader.sampler.type) is not None
    for part in ("val", "test"):
        assert isinstance(cfg[f"{part}_evaluator"], list)  # a user may append
        kinds = [type(METRICS.build(evaluator)).__name__ for evaluator in cfg[f"{part}_evaluator"]]
        stills = name in STILL_TRAININGS
        assert ("CorrespondencePCK" if stills else "PoseTrackMetric") in kinds
        loader = cfg[f"{part}_dataloader"]
        assert loader.sampler.type == ("DefaultSampler" if stills else "VideoSampler")
        assert not loader.get("drop_last", False)
    VISUALIZERS.build(cfg.visualizer)
    for hook in (*cfg.default_hooks.values(), *cfg.get("custom_hooks", [])):
        HOOKS.build(hook)
    assert "badcase" not in cfg.default_hooks
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


@pytest.mark.parametrize("name", RECIPES)
def test_best_checkpoint_is_chosen_by_a_metric_that_is_emitted(name):
    cfg = load(name)
    hook = cfg.default_hooks.checkpoint
    keys = [
        key
        for evaluator in cfg.val_evaluator
        if evaluator.type == "PoseTrackMetric"
        for key in METRICS.get(evaluator.type).metric_keys(evaluator.get("prefix"))
    ]
    if name in STILL_TRAININGS:
        metric = METRICS.build(cfg.val_evaluator[0])
        assert hook.save_best.startswith(f"{metric.prefix}/PCK@")
        assert float(hook.save_best.split("@")[1]) in metric.thresholds
        assert hook.rule == "greater"
        return
    if name in POSE_TRAININGS:  # it would be chosen on the videos that are reported
        assert "save_best" not in hook
        return
    assert hook.save_best in keys
    # a training of more than an estimator of poses is judged by the tracks
    poses = cfg.model.estimator.get("temporal_loss") is None
    assert hook.save_best == ("posetrack/AP" if poses else "posetrack/MOTA")
    assert hook.rule == "greater"


@pytest.mark.parametrize("name", [*RECIPES, *(n for n in STILL_TRAININGS if n not in RECIPES)])
def test_name_says_the_recipe(name):
    """Folder: the data. 8xb64-20e: batch of each of 8 GPUs and epochs."""
    cfg = load(name)
    folder = Path(name).parent.name
    roots = {
        dataset["data_root"]
        for part in ("train", "val", "test")
        for dataset in data_sets(cfg[f"{part}_dataloader"].dataset)
    }
    known = dict(
        synthetic={
            f"data/synthetic_{scenes}/"
            for scenes in ("posetrack", "crossing", "occluded", "missed")
        },
        real={"data/multiperson_posetrack/"},
        coco={"data/coco/"},
        stills={"data/stills/", "data/synthetic_missed/"},
    )
    assert len(roots) == 1 or folder == "stills"
    assert roots <= known.get(folder, {f"data/{folder}/"})
    if release := re.fullmatch(r"posetrack(17|18|21)", folder):
        for part in ("train", "val", "test"):
            dataset = cfg[f"{part}_dataloader"].dataset
            assert dataset.get("release", "posetrack18") == release[0]
    if recipe := re.search(r"_(\d)xb(\d+)-(\d+)e_", name):
        gpus, batch, epochs = map(int, recipe.groups())
        assert (cfg.train_dataloader.batch_size, cfg.train_cfg.max_epochs) == (batch, epochs)
        if "auto_scale_lr" in cfg and not name.startswith("baselines/"):  # mmpose's there
            assert cfg.auto_scale_lr.base_batch_size == gpus * batch


@pytest.mark.parametrize("name", STILL_TRAININGS)
def test_training_of_correspondences_is_built(name):
    cfg = load(name)
    with torch.device("meta"):
        network = MODELS.build(cfg.model)
    refines = "corr-refinement_" in name
    assert (network.refinement is not None) == refines == (network.phase == "refinement")
    assert ("load_from" in cfg and "/corr-embedding_" in (cfg.load_from or "")) or not refines
    size = tuple(map(int, re.search(r"-(\d+)x(\d+)\.py$", name).groups()))
    with torch.device("meta"):
        maps = network.eval()(torch.zeros(1, 3, *size))
    assert maps.shape == (1, 32, size[0] // network.stride, size[1] // network.stride)


@pytest.mark.parametrize("name", TRACKERS)
def test_tracker_is_built(name):
    cfg = load(name)
    model = MODELS.build(light(cfg.model))
    assert model.cropper.input_size == tuple(cfg.codec.input_size)
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        asks_detector = type(model.box_source).__name__ == "DetectorBoxes"
        assert (loader.dataset.box_source == "detector") == asks_detector


@pytest.mark.parametrize("name", TRACKERS)
def test_input_and_heatmap_sizes_agree(name):
    """Codec, crops of the training pipeline and the network's output have one geometry."""
    cfg = load(name)
    size, heatmap = tuple(cfg.codec.input_size), tuple(cfg.codec.heatmap_size)
    steps = {step.type: step for step in cfg.train_dataloader.dataset.pipeline}
    assert tuple(steps["TopdownAffine"].input_size) == size
    targets = steps["GenerateTarget"].encoder
    first, *others = targets if steps["GenerateTarget"].get("multilevel") else [targets]
    for codec in (first, cfg.model.estimator.head.decoder):
        assert plain(codec) == plain(cfg.codec)
    for codec in others:  # coarser levels have wider targets of the same size
        assert {**plain(codec), "sigma": 0} == {**plain(cfg.codec), "sigma": 0}
        assert codec.sigma > first.sigma
    assert "x".join(map(str, size[::-1])) in name  # 256x192 in the name: height x width
    shape = _output_shape(json.dumps(cfg.model.estimator, sort_keys=True), size)
    assert shape == (1, 17, heatmap[1], heatmap[0])


@pytest.mark.parametrize("release", ["posetrack17", "posetrack18", "posetrack21"])
def test_every_release_has_two_backbones_in_two_sizes(release):
    found = [n for n in TRACKERS if n.startswith(f"baselines/{release}/")]
    sizes = [re.search(r"oks-tracker_td-hm_(.+?)_8xb.*-(\d+x\d+)\.py", n).groups() for n in found]
    backbones, inputs = ("hrnet-w48", "res50"), ("256x192", "384x288")
    assert sorted(sizes) == [(backbone, size) for backbone in backbones for size in inputs]


def test_no_base_file_shadows_a_description_of_mmpose():
    """mmpose looks for its data sets' descriptions by relative path, in the work folder first."""
    ours = {path.name for path in (FOLDER / "_base_" / "datasets").glob("*.py")}
    theirs = {path.name for path in (MIM / "configs" / "_base_" / "datasets").glob("*.py")}
    assert len(theirs) > 10
    assert not ours & theirs


@pytest.mark.parametrize("name", POSES_ONLY)
def test_tracker_of_known_poses_is_built(name):
    cfg = load(name)
    assert cfg.custom_imports == IMPORTS
    model = MODELS.build(cfg.model)
    similarity = cfg.model.association.similarity.type
    assert type(model.association.similarity).__name__ == similarity
    assert model.random_parts() == []
    for part in ("association", "merging"):  # what learns has weights that come with the package
        own = getattr(getattr(model, part), "similarity", None) or torch.nn.Module()
        learns = list(own.parameters())
        given = (cfg.model.get(part) or {}).get("similarity") or {}
        assert not learns or given.get("checkpoint", "").startswith("shipped:")


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


BOXES = load("_base_/models/detectors.py")


@pytest.mark.parametrize("part", list(BOXES))
def test_detector_of_a_tracker_names_its_config_and_weights(part):
    source = BOXES[part]
    assert source.config.removeprefix("configs/") in DETECTORS
    assert load(source.config.removeprefix("configs/")).load_from == source.checkpoint


# ------------------------------------------------------- trainings on poses alone


def batch(cfg: Config) -> dict[str, torch.Tensor]:
    """Four pairs of random poses in frames of 640 x 480, with crops where they are loaded."""
    generator = torch.Generator().manual_seed(0)
    points = torch.rand((4, 2, 17, 2), generator=generator) * torch.tensor([640.0, 480.0])
    crops = {}
    for step in cfg.train_dataloader.dataset.pipeline:
        if step.type == "LoadPairCrops":
            shape = (4, 2, 3, *step.size[::-1])
            crops["crops"] = torch.randint(0, 256, shape, generator=generator).byte()
    return dict(
        crops,
        keypoints=points,
        keypoint_scores=torch.ones(4, 2, 17),
        boxes=torch.cat([points.amin(2), points.amax(2)], dim=-1),
        frame_size=torch.tensor([[640.0, 480.0]]).repeat(4, 1),
        distance=torch.ones(4, dtype=torch.int64),
        labels=torch.tensor([0, 1, 0, 1]),
    )


def trains_on_pairs(name: str) -> bool:
    return load(name).train_dataloader.dataset.type == "PosePairDataset"


@pytest.mark.parametrize("name", [n for n in POSE_TRAININGS if trains_on_pairs(n)])
def test_loss_is_a_number_and_reaches_every_weight(name):
    cfg = load(name)
    assert cfg.train_dataloader.sampler.type == "BalancedPairSampler"
    model = MODELS.build(cfg.model)
    loss, _ = model.parse_losses(model(batch(cfg), None, mode="loss"))
    assert torch.isfinite(loss)
    loss.backward()
    assert not [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None]


@pytest.mark.parametrize("name", ENTAILMENT)
def test_entailment_config_fits_its_name_and_its_tracker(name):
    """tx4-128: 4 layers of 128 channels; trained on the distances that the tracker compares."""
    layers, hidden = map(int, re.search(r"_tx(\d)-(\d+)_", name).groups())
    cfg = load(name)
    association = cfg.model.association
    similarity = association.similarity
    assert (similarity.network.num_layers, similarity.network.hidden) == (layers, hidden)
    assert name.endswith("-{}x{}.py".format(*similarity.resolution))
    data = cfg.train_dataloader.dataset
    assert data.delta == association.depth.history == similarity.max_distance
    assert data.nearest == association.depth.nearest


@pytest.mark.parametrize("name", [n for n in ENTAILMENT if "tx4-128_1xb32" in n or "tx2-64" in n])
def test_learning_rate_rises_and_falls_linearly(name):
    """At 40 steps an epoch: to the peak in the first quarter of one, to 0 at the end."""
    cfg = load(name)
    wrapper = build_optim_wrapper(torch.nn.Linear(1, 1), cfg.optim_wrapper)
    steps = []
    for options in cfg.param_scheduler:
        options = dict(options)
        kind = PARAM_SCHEDULERS.get(options.pop("type"))
        assert options.pop("convert_to_iter_based")
        steps.append(kind.build_iter_from_epoch(wrapper.optimizer, epoch_length=40, **options))
    rates = []
    for _ in range(40 * cfg.train_cfg.max_epochs):
        rates.append(wrapper.get_lr()["lr"][0])
        for step in steps:
            step.step()
    peak = cfg.optim_wrapper.optimizer.lr
    assert rates[0] < peak / 100
    assert rates[10] == pytest.approx(peak)  # a quarter of 40
    assert rates[5] == pytest.approx(peak * 5 / 9, rel=0.01)  # 9 steps lead from step 0 to 9
    middle = (10 + len(rates)) // 2
    assert rates[middle] == pytest.approx(peak / 2, rel=0.01)
    assert rates[-1] < peak / 100


# ------------------------------------------------------------------- mmpose's own interfaces


@pytest.mark.parametrize("name", [*RECIPES, *POSES_ONLY])
def test_mmpose_finds_what_it_looks_for(name):
    """``init_model`` wants a backbone; the inferencers a mode, and a data set for a detector."""
    cfg = load(name)
    assert "init_cfg" not in cfg.model.backbone
    if name in TRACKERS:
        assert cfg.data_mode == "topdown"
        assert DATASETS.get(cfg.dataset_type).__module__.startswith(
            "mmpose.datasets.datasets.body"
        )
        meta = dataset_meta_from_config(cfg)
        assert tuple(meta["keypoint_id2name"][i] for i in range(17)) == KEYPOINT_NAMES
