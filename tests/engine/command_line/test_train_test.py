"""The tools as a user runs them, on tiny videos and a tiny estimator."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmpose.registry import HOOKS, MODELS

from mmpose_temporal.datasets import PersonClipDataset
from mmpose_temporal.engine.command_line import (
    run_testing,
    run_tool,
    run_training,
    train_test,
)
from mmpose_temporal.engine.command_line.required_data import (
    refuse_outputs_over_data,
    require_collated_clips,
    require_data,
)
from mmpose_temporal.engine.command_line.train_test import (
    load_config,
    train,
    training_flags,
)
from mmpose_temporal.engine.command_line.train_test import test as run_test
from mmpose_temporal.engine.command_line.train_test import (
    testing_flags as flags_of_test,
)
from mmpose_temporal.evaluation import PoseTrackMetric
from mmpose_temporal.evaluation.results import file_hash
from mmpose_temporal.testing import (
    template_tracker_config,
    tiny_estimator_config,
    tiny_tracker_config,
    write_tiny_posetrack,
)
from mmpose_temporal.utils.config_errors import merge_options
from mmpose_temporal.utils.training_mark import mark_as_trained


@HOOKS.register_module()
class InterruptAfterEpoch(Hook):
    """Stops a training as a user's Ctrl-C would."""

    def __init__(self, epoch: int):
        self.epoch = epoch

    def after_train_epoch(self, runner) -> None:
        if runner.epoch + 1 == self.epoch:
            raise KeyboardInterrupt


def write_config(root: Path, model: dict) -> Path:
    """A config file that trains and tests on the tiny videos: v1 with 5 frames, v2 with 3."""
    write_tiny_posetrack(root / "data")
    codec = tiny_estimator_config()["head"]["decoder"]
    people = dict(
        type="PoseTrackPersonDataset",
        data_root=str(root / "data"),
        ann_file="annotations/val",
        data_prefix=dict(img=""),
        pipeline=[
            dict(type="LoadImage"),
            dict(type="GetBBoxCenterScale"),
            dict(type="TopdownAffine", input_size=(48, 64)),
            dict(type="GenerateTarget", encoder=codec),
            dict(type="PackPoseInputs"),
        ],
    )
    videos = dict(
        type="PoseTrackVideoDataset",
        data_root=str(root / "data"),
        ann_file="annotations/val",
        pipeline=[dict(type="LoadVideoFrame"), dict(type="PackFrameInputs")],
    )
    whole_videos = dict(
        batch_size=2, num_workers=0, sampler=dict(type="VideoSampler"), dataset=videos
    )
    evaluator = dict(type="PoseTrackMetric", protocol="strict")
    config = dict(
        default_scope="mmpose",
        custom_imports=dict(imports=["mmpose_temporal"], allow_failed_imports=False),
        model=model,
        train_dataloader=dict(
            batch_size=4,
            num_workers=0,
            sampler=dict(type="DefaultSampler", shuffle=True),
            dataset=people,
        ),
        val_dataloader=whole_videos,
        test_dataloader=whole_videos,
        val_evaluator=evaluator,
        test_evaluator=evaluator,
        train_cfg=dict(by_epoch=True, max_epochs=3, val_interval=3),
        val_cfg=dict(),
        test_cfg=dict(),
        optim_wrapper=dict(optimizer=dict(type="Adam", lr=1e-3)),
        auto_scale_lr=dict(base_batch_size=4),
        default_hooks=dict(
            checkpoint=dict(type="CheckpointHook", interval=1),
            visualization=dict(type="PoseTrackVisualizationHook", enable=False),
        ),
        visualizer=dict(
            type="PoseTrackVisualizer",
            vis_backends=[dict(type="LocalVisBackend")],
            name="visualizer",
        ),
        randomness=dict(seed=0),
        log_level="WARNING",
    )
    file = root / "config.py"
    Config(config).dump(str(file))
    return file


def oracle_checkpoint(root: Path) -> Path:
    """A checkpoint of the template estimator, which has one parameter."""
    file = root / "oracle.pth"
    torch.save({"state_dict": {"unused": torch.zeros(1)}}, file)
    return file


def lengths(folder: Path) -> dict[str, int]:
    """The videos below a folder and their numbers of frames."""
    found = {}
    for video in sorted(folder.rglob("*.mp4")):
        capture = cv2.VideoCapture(str(video))
        found[str(video.relative_to(folder))] = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        capture.release()
    return found


def test_training_is_interrupted_and_resumed(tmp_path: Path) -> None:
    config = write_config(tmp_path, tiny_tracker_config())
    work_dir = tmp_path / "work"
    common = [str(config), "--work-dir", str(work_dir)]
    cfg = Config.fromfile(config)
    cfg.custom_hooks = [dict(type="InterruptAfterEpoch", epoch=2)]
    cfg.dump(str(tmp_path / "stopping.py"))
    with pytest.raises(KeyboardInterrupt):
        run_training([str(tmp_path / "stopping.py"), "--work-dir", str(work_dir)])
    assert (work_dir / "last_checkpoint").read_text().endswith("epoch_1.pth")

    run_training([*common, "--resume"])
    assert (work_dir / "last_checkpoint").read_text().endswith("epoch_3.pth")
    # 16 people in batches of 4 are 4 iterations an epoch: 3 epochs, of which the first is kept
    resumed = torch.load(work_dir / "epoch_3.pth", weights_only=True)
    assert resumed["meta"]["iter"] == 3 * 4
    steps = {int(state["step"]) for state in resumed["optimizer"]["state"].values()}
    assert steps == {12}


def test_resumed_training_ends_where_an_uninterrupted_one_does(tmp_path: Path) -> None:
    config = write_config(tmp_path, tiny_tracker_config())
    options = ["--no-validate", "--cfg-options", "train_dataloader.sampler.shuffle=False"]
    run_training([str(config), "--work-dir", str(tmp_path / "whole"), *options])
    halves = [str(config), "--work-dir", str(tmp_path / "halves")]
    run_training([*halves, *options, "train_cfg.max_epochs=1"])
    run_training([*halves, "--resume", *options])
    whole = torch.load(tmp_path / "whole" / "epoch_3.pth", weights_only=True)["state_dict"]
    resumed = torch.load(tmp_path / "halves" / "epoch_3.pth", weights_only=True)["state_dict"]
    assert whole.keys() == resumed.keys()
    for name, value in whole.items():
        torch.testing.assert_close(resumed[name], value, rtol=0, atol=1e-6)


def test_test_writes_metrics_and_a_video_of_each(tmp_path: Path) -> None:
    model = template_tracker_config(association=dict(similarity=dict(type="OKSSimilarity")))
    config = write_config(tmp_path, model)
    arguments = [str(config), str(oracle_checkpoint(tmp_path)), "--work-dir", str(tmp_path / "w")]
    out, shown = tmp_path / "metrics.json", tmp_path / "shown"
    run_testing([*arguments, "--out", str(out), "--show-dir", str(shown)])
    metrics = json.loads(out.read_text())
    record = metrics.pop("record")
    assert set(metrics) == set(PoseTrackMetric.metric_keys())
    assert record["boxes"] == dict(source="gt")
    assert record["data"]["release"] == "posetrack18"
    assert record["data"]["annotations"] == "annotations/val"
    assert record["checkpoint"]["sha256"] == file_hash(arguments[1])
    assert record["config"]["model"] == "PoseTracker"
    (evaluation,) = record["evaluations"]
    assert evaluation["protocol"]["name"] == "strict"
    assert evaluation["counts"]["skipped"]["unreadable_frames"] == 0
    # two people in the 5 frames of v1 and the 3 of v2
    assert {name: video["people"] for name, video in evaluation["videos"].items()} == dict(
        v1=10, v2=6
    )
    assert evaluation["joints"]["left_wrist"]["MOTA"] == pytest.approx(100)
    assert metrics["posetrack/AP"] == pytest.approx(100)
    assert metrics["posetrack/MOTA"] == pytest.approx(100)
    assert metrics["posetrack/IDSW"] == 0
    assert lengths(shown) == {"v1.mp4": 5, "v2.mp4": 3}
    assert len(list(shown.rglob("*_timeline.png"))) == 2


def test_videos_in_which_nobody_is_annotated_are_shown(tmp_path: Path) -> None:
    model = template_tracker_config(association=dict(similarity=dict(type="OKSSimilarity")))
    config = write_config(tmp_path, model)
    for name, left_out in (("v1", 1), ("v2", 3)):  # one of 5 labelled frames, all of 3
        file = tmp_path / "data/annotations/val" / f"{name}.json"
        content = json.loads(file.read_text())
        empty = {image["id"] for image in content["images"][:left_out]}
        content["annotations"] = [a for a in content["annotations"] if a["image_id"] not in empty]
        file.write_text(json.dumps(content))
    shown = tmp_path / "shown"
    arguments = [str(config), str(oracle_checkpoint(tmp_path)), "--work-dir", str(tmp_path / "w")]
    run_testing([*arguments, "--show-dir", str(shown)])
    assert lengths(shown) == {"v1.mp4": 5, "v2.mp4": 3}
    assert len(list(shown.rglob("*_timeline.png"))) == 2


def test_training_writes_the_videos_of_every_validation(tmp_path: Path) -> None:
    config = write_config(tmp_path, tiny_tracker_config())
    shown = tmp_path / "shown"
    run_training(
        [
            *(str(config), "--work-dir", str(tmp_path / "work"), "--show-dir", str(shown)),
            *("--interval", "2", "--cfg-options", "train_cfg.max_epochs=2"),
            "train_cfg.val_interval=1",
        ]
    )
    # of 5 frames 0, 2 and 4; of 3 frames 0 and 2
    assert lengths(shown) == {
        f"epoch_{epoch}/{video}.mp4": frames
        for epoch in (1, 2)
        for video, frames in (("v1", 3), ("v2", 2))
    }
    assert len(list(shown.rglob("*_timeline.png"))) == 4


def test_training_without_validation_cannot_show(tmp_path: Path) -> None:
    config = write_config(tmp_path, tiny_tracker_config())
    cfg = Config.fromfile(config)
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    cfg.dump(str(config))
    with pytest.raises(ValueError, match="the config has no val_cfg"):
        run_training([str(config), "--work-dir", str(tmp_path), "--show-dir", str(tmp_path)])


@pytest.mark.parametrize(
    ("flags", "interval", "wait_time"),
    [
        (["--show-dir", "d"], 7, 0.25),  # the config's
        (["--show"], 7, 0.25),
        (["--show", "--interval", "3", "--wait-time", "0"], 3, 0),
    ],
)
def test_the_config_says_what_the_flags_do_not(
    tmp_path: Path, flags: list[str], interval: int, wait_time: float
) -> None:
    config = write_config(tmp_path, tiny_tracker_config())
    cfg = Config.fromfile(config)
    cfg.default_hooks.visualization.update(interval=7, wait_time=0.25)
    cfg.dump(str(config))
    hook = load_config(training_flags().parse_args([str(config), *flags]))
    hook = hook.default_hooks.visualization
    assert (hook.enable, hook.interval, hook.wait_time) == (True, interval, wait_time)


def test_a_window_shows_a_frame_for_a_second(tmp_path: Path) -> None:
    config = write_config(tmp_path, tiny_tracker_config())
    cfg = load_config(training_flags().parse_args([str(config), "--show"]))
    assert cfg.default_hooks.visualization.wait_time == 1  # the hook's own 0 waits for a key


def test_cfg_options_act(tmp_path: Path) -> None:
    config = write_config(tmp_path, template_tracker_config())
    out = tmp_path / "metrics.json"
    run_testing(
        [
            *(str(config), str(oracle_checkpoint(tmp_path)), "--work-dir", str(tmp_path / "w")),
            *("--out", str(out), "--cfg-options", "model.keypoint_score_thr=0.95"),
        ]
    )
    metrics = json.loads(out.read_text())
    assert metrics["posetrack/Recall"] == 0  # every joint scores 0.9


@pytest.mark.parametrize("in_a_list", [True, False])
def test_metrics_from_the_command_line(tmp_path: Path, in_a_list: bool) -> None:
    config = write_config(tmp_path, template_tracker_config())
    cfg = Config.fromfile(config)
    if in_a_list:
        cfg.test_evaluator = [cfg.test_evaluator]
    cfg.dump(str(config))
    arguments = [str(config), str(oracle_checkpoint(tmp_path)), "--work-dir", str(tmp_path / "w")]
    for number, metrics in enumerate(("AP", "(AP,)", "[AP,IDF1]")):
        out = tmp_path / f"{number}.json"
        option = f"test_evaluator.metrics={metrics}"
        run_testing([*arguments, "--out", str(out), "--cfg-options", option])
        figures = set(json.loads(out.read_text()))
        assert "posetrack/AP" in figures and "posetrack/MOTA" not in figures
        assert ("posetrack/IDF1" in figures) == (number == 2)


def test_which_of_several_evaluators(tmp_path: Path) -> None:
    config = Config(dict(val_evaluator=[dict(type="PoseTrackMetric"), dict(type="Other")]))
    merge_options(config, {"val_evaluator.0.protocol": "strict"})
    assert config.val_evaluator[0].protocol == "strict"
    with pytest.raises(ValueError, match=r"val_evaluator\.0: PoseTrackMetric, val_eval"):
        merge_options(config, {"val_evaluator.protocol": "strict"})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["c.py", "x.pth", "--badcase"], "--badcase"),
        (["c.py", "x.pth", "--dump", "x.json"], r"\.pkl"),
    ],
)
def test_flags_that_cannot_act_are_refused(arguments: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run_testing(arguments)


@pytest.mark.parametrize("run", [run_training, run_testing])
@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--interval", "2"], "--interval is for the frames that --show or --show-dir draws"),
        (["--wait-time", "2"], "--wait-time is for the window of --show"),
        (["--wait-time", "2", "--show-dir", "d"], "--wait-time is for the window of --show"),
        (["--interval", "0", "--show"], "--interval must be at least 1"),
        (["--wait-time", "-1", "--show"], "--wait-time must be 0"),
    ],
)
def test_flags_of_showing_without_showing(run: Callable, flags: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run(["c.py", *(["x.pth"] if run is run_testing else []), *flags])


@pytest.mark.parametrize("flags", [["--show"], ["--show-dir", "d"]])
def test_no_validate_leaves_nothing_to_show(flags: list[str]) -> None:
    with pytest.raises(ValueError, match="which --no-validate leaves out"):
        run_training(["c.py", "--no-validate", *flags])


def test_amp_without_a_gpu(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(train_test, "get_device", lambda: "cpu")
    config = write_config(tmp_path, tiny_tracker_config())
    with pytest.raises(ValueError, match="--amp needs a GPU"):
        run_training([str(config), "--work-dir", str(tmp_path / "work"), "--amp"])


def test_a_matcher_that_training_leaves_random(tmp_path: Path, capsys) -> None:
    matcher = dict(type="PoseEntailment", network=dict(hidden=8, intermediate=8, num_layers=1))
    model = tiny_tracker_config(association=dict(type="Association", similarity=matcher))
    config, work = write_config(tmp_path, model), str(tmp_path / "work")
    run_training([str(config), "--work-dir", work, "--cfg-options", "train_cfg.max_epochs=1"])
    said = capsys.readouterr()
    random = "the weights of association.similarity (PoseEntailment) are random"
    assert random in said.out + said.err
    checkpoint = tmp_path / "work" / "epoch_1.pth"
    arguments = [str(config), str(checkpoint), "--work-dir", work]
    assert run_tool(flags_of_test(), run_test, arguments) == 2
    complaint = capsys.readouterr().err.splitlines()[-1]
    assert f"error: {checkpoint}: {random}. A training of poses does not train" in complaint

    run_training([str(config), "--work-dir", work, "--resume"])  # is no test, so it goes on
    trained = MODELS.build(matcher)
    mark_as_trained(trained)
    torch.save(trained.state_dict(), tmp_path / "matcher.pth")
    option = f"model.association.similarity.checkpoint={tmp_path / 'matcher.pth'}"
    run_testing([*arguments, "--cfg-options", option])


def test_show_dir_needs_the_hook(tmp_path: Path) -> None:
    config = write_config(tmp_path, template_tracker_config())
    cfg = Config.fromfile(config)
    del cfg.default_hooks["visualization"]
    cfg.dump(str(config))
    with pytest.raises(ValueError, match="PoseTrackVisualizationHook"):
        run_testing([str(config), "x.pth", "--show-dir", str(tmp_path)])


def test_checkpoint_of_another_architecture_stops_the_test(tmp_path: Path) -> None:
    config = write_config(tmp_path, tiny_tracker_config())
    with pytest.raises(RuntimeError, match="another architecture"):
        run_testing(
            [str(config), str(oracle_checkpoint(tmp_path)), "--work-dir", str(tmp_path / "w")]
        )


def test_a_metrics_file_is_not_replaced_without_being_told(tmp_path: Path) -> None:
    """Before anything is read or computed; the config does not even exist."""
    out = tmp_path / "metrics.json"
    out.write_text("mine")
    with pytest.raises(FileExistsError, match="pass --overwrite"):
        run_testing([str(tmp_path / "no.py"), "no.pth", "--out", str(out)])
    dump = tmp_path / "all.pkl"
    dump.write_text("mine")
    with pytest.raises(FileExistsError, match=r"all\.pkl exists"):
        run_testing([str(tmp_path / "no.py"), "no.pth", "--dump", str(dump)])
    with pytest.raises(FileNotFoundError, match=r"no\.py"):
        run_testing([str(tmp_path / "no.py"), "no.pth", "--out", str(out), "--overwrite"])
    assert out.read_text() == "mine"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (dict(checkpoint="text"), "text.pth is no checkpoint: it is plain text"),
        (
            dict(checkpoint="other"),
            "other.pth: the checkpoint is of another architecture than the model's estimator",
        ),
        (dict(checkpoint="missing"), "missing.pth does not exist"),
        (
            dict(options=["model.type=NoTracker"]),
            "config.py: type 'NoTracker' is not registered as a model",
        ),
        (dict(options=["model.max_crops=0"]), "max_crops must be 1 or more, got 0"),
        (dict(options=["test_dataloader.dataset.ann_file=nowhere"]), "nowhere"),
        (dict(options=["model.7.type=3", "work_dir.x=1"]), "--cfg-options does not fit"),
        (dict(options=["test_cfg=None"]), "test_cfg"),
    ],
)
def test_bad_input_of_a_test_is_one_line(tmp_path: Path, capsys, change: dict, text: str) -> None:
    config = write_config(tmp_path, tiny_tracker_config())
    model = MODELS.build(tiny_tracker_config())
    torch.save(dict(state_dict=model.state_dict()), tmp_path / "whole.pth")
    torch.save(dict(unused=torch.zeros(1)), tmp_path / "other.pth")
    (tmp_path / "text.pth").write_text("not a checkpoint")
    checkpoint = tmp_path / f"{change.get('checkpoint', 'whole')}.pth"
    arguments = [str(config), str(checkpoint), "--work-dir", str(tmp_path / "w")]
    capsys.readouterr()
    options = ["--cfg-options", *change.get("options", ["log_level=ERROR"])]
    assert run_tool(flags_of_test(), run_test, [*arguments, *options]) == 2
    complaint = capsys.readouterr().err.splitlines()[-1]
    assert ": error: " in complaint and text in complaint
    assert "weights_only" not in complaint


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ("{}.data_root=nowhere", "nowhere does not exist ({} has data_root='nowhere')"),
        ("{}.ann_file=absent", "data/absent does not exist ({} has ann_file='absent')"),
    ],
)
@pytest.mark.parametrize("loader", ["train_dataloader", "val_dataloader", "test_dataloader"])
def test_data_are_looked_for_first(
    tmp_path: Path, capsys, options: str, text: str, loader: str
) -> None:
    """Before the model is built, whose type does not exist."""
    config, place = write_config(tmp_path, tiny_tracker_config()), f"{loader}.dataset"
    arguments = [str(config), "--work-dir", str(tmp_path / "w"), "--cfg-options"]
    arguments += [options.format(place), "model.type=Nothing"]
    if loader == "test_dataloader":
        status = run_tool(flags_of_test(), run_test, [arguments[0], "x.pth", *arguments[1:]])
    else:
        status = run_tool(training_flags(), train, arguments)
    complaint = capsys.readouterr().err
    assert status == 2 and complaint.count("\n") == 1
    assert text.format(place) in complaint and "docs/data.md" in complaint


def test_weights_to_begin_with_are_looked_for_first(tmp_path: Path, capsys) -> None:
    """Before the model is built, whose type does not exist."""
    config = write_config(tmp_path, tiny_tracker_config())
    arguments = [str(config), "--work-dir", str(tmp_path / "w"), "--cfg-options"]
    arguments += ["model.type=Nothing", "load_from=phase_1.pth"]
    assert run_tool(training_flags(), train, arguments) == 2
    complaint = capsys.readouterr().err
    assert complaint.count("\n") == 1 and "--cfg-options load_from=FILE" in complaint
    assert "checkpoint phase_1.pth does not exist, with which load_from begins" in complaint


def test_data_sets_inside_others_are_looked_for(tmp_path: Path) -> None:
    inside = dict(type="A", data_root=str(tmp_path), ann_file=["here", "there"])
    (tmp_path / "here").mkdir()
    repeated = dict(type="RepeatDataset", dataset=dict(type="ConcatDataset", datasets=[inside]))
    config = Config(dict(train_dataloader=dict(dataset=repeated)))
    place = r"train_dataloader\.dataset\.dataset\.datasets\.0 has ann_file='there'"
    with pytest.raises(FileNotFoundError, match=place):
        require_data(config, "train_dataloader", "val_dataloader")
    (tmp_path / "there").mkdir()
    require_data(config, "train_dataloader", "val_dataloader")


@pytest.mark.parametrize("kind", ["PersonClipDataset", PersonClipDataset])
def test_clips_need_their_own_way_to_make_a_batch(kind) -> None:
    repeated = dict(type="RepeatDataset", dataset=dict(type=kind))
    loader = dict(dataset=repeated)
    config = Config(dict(train_dataloader=loader), format_python_code=False)
    place = r"train_dataloader\.dataset\.dataset is a PersonClipDataset.*'collate_clips'"
    for collate in (None, dict(type="pseudo_collate"), dict(type="default_collate")):
        config.train_dataloader.collate_fn = collate
        with pytest.raises(ValueError, match=place):
            require_collated_clips(config, "train_dataloader", "val_dataloader")
    config.train_dataloader.collate_fn = dict(type="collate_clips")
    require_collated_clips(config, "train_dataloader")
    config.train_dataloader = dict(dataset=dict(type="PoseTrackPersonDataset"))
    require_collated_clips(config, "train_dataloader")


@pytest.mark.parametrize("in_a_list", [True, False])
def test_predictions_are_not_written_over_what_is_read(tmp_path: Path, in_a_list: bool) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "link").symlink_to("notes")
    dataset = dict(type="A", data_root=str(tmp_path), ann_file="notes/", poses=None)
    for folder, refused in (("link", True), ("notes", True), ("notes/predictions", False)):
        evaluator = dict(type="PoseTrackMetric", outfile_prefix=str(tmp_path / folder))
        config = Config(
            dict(
                test_dataloader=dict(dataset=dict(type="RepeatDataset", dataset=dataset)),
                test_evaluator=[dict(type="B"), evaluator] if in_a_list else evaluator,
            )
        )
        if refused:
            with pytest.raises(ValueError, match=r"_dataloader\.dataset\.dataset\.ann_file reads"):
                refuse_outputs_over_data(config, "val", "test")
        else:
            refuse_outputs_over_data(config, "val", "test")


def test_ctrl_c_in_a_training_is_one_line(tmp_path: Path, capsys) -> None:
    config = write_config(tmp_path, tiny_tracker_config())
    cfg = Config.fromfile(config)
    cfg.custom_hooks = [dict(type="InterruptAfterEpoch", epoch=1)]
    cfg.dump(str(config))
    arguments = [str(config), "--work-dir", str(tmp_path / "work")]
    assert run_tool(training_flags(), train, arguments) == 130
    assert capsys.readouterr().err.endswith(": interrupted\n")
