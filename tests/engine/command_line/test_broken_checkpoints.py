"""Checkpoints that are none, and configs with mistakes, through training and testing."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmpose.registry import MODELS

from mmpose_temporal.engine.command_line import run_tool
from mmpose_temporal.engine.command_line.train_test import test as run_test
from mmpose_temporal.engine.command_line.train_test import testing_flags as flags_of_test
from mmpose_temporal.engine.command_line.train_test import train, training_flags
from mmpose_temporal.testing import tiny_test_config, tiny_tracker_config, write_tiny_posetrack

FILES = {
    "pointer": (b"version https://git-lfs.github.com/spec/v1\n", "it is a Git LFS pointer"),
    "page": (b"<html>404</html>", "it is a web page"),
    "answer": (b'{"error": 404}', "it is JSON text"),
    "empty": (b"", "it is empty"),
    "optimizer": (dict(optimizer=dict(state={})), "holds no weights .* but optimizer"),
    "nan": ({"estimator.a": torch.tensor(float("nan"))}, "holds NaN or infinity in 1 of 1"),
    "other": ({"a": torch.zeros(1)}, "x.pth: the checkpoint is of another architecture"),
}


@pytest.fixture
def config(tmp_path):
    write_tiny_posetrack(tmp_path / "data")
    settings = tiny_test_config(tmp_path / "data", tmp_path / "w", model=tiny_tracker_config())
    settings.update(log_level="ERROR")
    people = dict(
        type="PoseTrackPersonDataset",
        data_root=str(tmp_path / "data"),
        ann_file="annotations/val",
        pipeline=[
            dict(type="LoadImage"),
            dict(type="GetBBoxCenterScale"),
            dict(type="TopdownAffine", input_size=(48, 64)),
            dict(
                type="GenerateTarget",
                encoder=tiny_tracker_config()["estimator"]["head"]["decoder"],
            ),
            dict(type="PackPoseInputs"),
        ],
    )
    settings.update(
        train_dataloader=dict(
            batch_size=8, num_workers=0, sampler=dict(type="DefaultSampler"), dataset=people
        ),
        train_cfg=dict(by_epoch=True, max_epochs=1, val_interval=9),
        optim_wrapper=dict(optimizer=dict(type="SGD", lr=1e-3)),
    )
    file = tmp_path / "config.py"
    Config(settings).dump(str(file))
    return file


@pytest.fixture
def complaint(capsys):
    """Runs a tool that must end with status 2, and gives the line that it says."""

    def run(tool, *arguments) -> str:
        flags = dict(test=flags_of_test, train=training_flags)[tool]()
        capsys.readouterr()
        assert (
            run_tool(flags, dict(test=run_test, train=train)[tool], list(map(str, arguments))) == 2
        )
        text = capsys.readouterr().err
        assert "weights_only" not in text
        assert "Traceback" not in text
        return text.splitlines()[-1].partition(": error: ")[2]

    return run


def write(path: Path, content) -> Path:
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    return path


@pytest.mark.parametrize("kind", FILES)
def test_every_door_names_the_file(tmp_path, config, complaint, kind):
    content, answer = FILES[kind]
    path = write(tmp_path / "x.pth", content)
    doors = [
        ("test", config, path),
        ("train", config, "--resume", path),
        ("train", config, "--cfg-options", f"load_from={path}"),
    ]
    for door in doors:
        text = complaint(*door)
        assert text.startswith(str(path))
        with pytest.raises(ValueError, match=answer):
            raise ValueError(text)


@pytest.mark.parametrize("kind", ["pointer", "optimizer", "nan", "other"])
def test_pretrained_parts(tmp_path, config, complaint, kind):
    content, answer = FILES[kind]
    path = write(tmp_path / "x.pth", content)
    if kind == "other":
        answer = "fits no tensor of estimator.backbone, whose init_cfg names it"
    init = f"model.estimator.backbone.init_cfg.checkpoint={path}"
    type_ = "model.estimator.backbone.init_cfg.type=Pretrained"
    text = complaint("train", config, "--cfg-options", init, type_)
    assert text.startswith(str(path))
    with pytest.raises(ValueError, match=answer):
        raise ValueError(text)


def test_a_prefix_that_the_checkpoint_lacks(tmp_path, config, complaint):
    write(tmp_path / "x.pth", {"backbone.conv.weight": torch.zeros(1)})
    inside = "model.estimator.backbone.init_cfg"
    options = [f"{inside}.type=Pretrained", f"{inside}.checkpoint={tmp_path / 'x.pth'}"]
    text = complaint("train", config, "--cfg-options", *options, f"{inside}.prefix=neck.")
    assert "has no tensor under 'neck.'" in text


def test_weights_are_no_state_of_a_training(tmp_path, config, complaint):
    weights = MODELS.build(tiny_tracker_config()).state_dict()
    write(tmp_path / "x.pth", dict(state_dict=weights))
    text = complaint("train", config, "--resume", tmp_path / "x.pth")
    assert "x.pth cannot be resumed: it has no 'meta', so it is no state of a training" in text


def test_resuming_runs_no_code_of_a_checkpoint(tmp_path, config):
    """mmengine executes the config in it; numbers of GPUs are all that it looks for there."""
    train(training_flags().parse_args([str(config)]))
    file = tmp_path / "w" / "epoch_1.pth"
    content = torch.load(file, weights_only=True)
    content["meta"]["config"] = f"open({str(tmp_path / 'mark')!r}, 'w')"
    torch.save(content, file)
    train(training_flags().parse_args([str(config), "--resume", str(file)]))
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize(
    ("tool", "option", "answer"),
    [
        ("train", "train_dataloader.persistent_workers=True", "num_workers=0 and persistent_work"),
        (
            "test",
            "test_dataloader.persistent_workers=True",
            "num_workers=0 and persistent_workers",
        ),
        ("train", "optim_wrapper.optimizer.type=Adm", "type 'Adm' is not registered"),
        ("train", "train_dataloader.dataset.foo=1", "has no option 'foo'"),
        ("test", "test_dataloader.dataset.typ=1", "has no option 'typ'"),
        ("test", "model.max_crop=1", "has no option 'max_crop': did you mean 'max_crops'"),
        (
            "test",
            "test_evaluator.type=PoseMetric",
            "type 'PoseMetric' is not registered as a metr",
        ),
    ],
)
def test_mistakes_in_a_config(tmp_path, config, complaint, tool, option, answer):
    arguments = [config, "--cfg-options", option]
    if tool == "test":
        weights = MODELS.build(tiny_tracker_config()).state_dict()
        arguments.insert(1, write(tmp_path / "x.pth", dict(state_dict=weights)))
    text = complaint(tool, *arguments)
    assert text.startswith(f"{config}: ")
    assert answer in text


def test_a_config_without_a_model(tmp_path, complaint):
    (tmp_path / "x.py").write_text("a = 1")
    for tool, more in (("train", []), ("test", ["x.pth"])):
        assert f"{tmp_path / 'x.py'} has no model, but a" in complaint(
            tool, tmp_path / "x.py", *more
        )
