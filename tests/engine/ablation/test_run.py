"""The commands that an ablation runs, of two trainings and three rows."""

import json
import os
import re
from argparse import Namespace

import pytest
import torch

from mmpose_temporal.engine.ablation import Ablation, AblationRun, Row, Training, Videos
from mmpose_temporal.engine.ablation.run import read_numbers
from mmpose_temporal.testing.ablations import fake_tools

FIGURES = dict(AP="posetrack/AP", threshold="threshold", alpha="alpha")


@pytest.fixture
def described(tmp_path):
    for name, epochs in (("first", 3), ("second", 2)):
        (tmp_path / f"{name}.py").write_text(f"train_cfg = dict(max_epochs={epochs})\n")
    row = dict(training="second", config="second.py")
    return Ablation(
        root=tmp_path,
        videos=dict(
            train=Videos(split="train", options="--frames 2"),
            val=Videos(split="val", options="--frames 3"),
            night=Videos(split="val", options="--frames 4 --scene night", suffix="_night"),
            tuning=Videos(split="val", options="--frames 5", suffix="_tuning"),
        ),
        trainings=dict(
            first=Training(config="first.py"),
            second=Training(config="second.py", after="first", weights={"alpha": "neck.alpha"}),
        ),
        rows=dict(
            plain=Row(training="first", config="first.py"),
            less=Row(**row, options=("model.n=1",), tuned_as="more"),
            more=Row(**row, options=("model.n=2",), videos="night"),
        ),
        figures=FIGURES,
        options=("test_evaluator.0.hidden_joints=True",),
    )


@pytest.fixture
def arguments(tmp_path):
    def make(*seeds, epochs=None, jobs=1):
        return Namespace(
            seeds=list(seeds),
            epochs=epochs,
            jobs=jobs,
            data_root=tmp_path / "data",
            work_dir=tmp_path / "work",
            command_line=["ablation"],
        )

    return make


@pytest.fixture
def fake(monkeypatch):
    return fake_tools(monkeypatch, weights={"second": {"neck.alpha": torch.tensor(0.75)}})


def test_steps_and_commands(described, arguments, fake, tmp_path):
    AblationRun(described, arguments(0, 3)).run()
    names = [name for name, _ in fake]
    assert names[:4] == [
        f"synthetic {name} videos" for name in ("train", "val", "night", "tuning")
    ]
    one = ["train first", "train second", "tune plain", "test plain"]
    one += ["tune more", "test less", "test more"]
    assert names[4:] == [f"seed {seed}: {step}" for seed in (0, 3) for step in one]
    commands = {name: " ".join(command) for name, command in fake}
    data = tmp_path / "data"
    assert commands["synthetic night videos"].endswith(
        f"{data}_night --split val --frames 4 --scene night --quiet"
    )
    second = commands["seed 3: train second"]
    assert f"second.py --work-dir {tmp_path}/work/seed3/second --no-validate" in second
    assert f"custom_hooks.0.checkpoint={tmp_path}/work/seed3/first/epoch_3.pth" in second
    assert "randomness.seed=3" in second and "train_cfg.max_epochs=2" in second
    assert f"train_dataloader.dataset.data_root={data}" in second
    less, more = commands["seed 3: test less"], commands["seed 3: test more"]
    assert "seed3/second/epoch_2.pth" in less and "seed3/second/epoch_2.pth" in more
    assert "model.n=1" in less and "model.n=2" in more and "model.n" not in second
    assert f"test_dataloader.dataset.data_root={data} " in less
    assert f"test_dataloader.dataset.data_root={data}_night " in more
    assert "hidden_joints=True" in more and "model.n=2" in commands["seed 3: tune more"]
    assert f"data_root={data}_tuning" in commands["seed 3: tune more"]
    # one threshold for both rows of the training
    assert "mota_score_thr=0.5 " in less and "mota_score_thr=0.5 " in more


def test_the_figures(described, arguments, fake, tmp_path, capsys):
    AblationRun(described, arguments(0, 3)).run()
    content = json.loads((tmp_path / "work" / "ablation.json").read_text())
    assert content["seeds"] == [0, 3] and content["record"]["schema"] == 1
    figures = content["figures"]
    assert list(figures) == ["plain", "less", "more"]
    # (50 + 53) / 2
    assert figures["less"]["AP"] == dict(mean=51.5, min=50, max=53, values=[50, 53])
    assert figures["less"]["alpha"]["values"] == [0.75, 0.75]
    assert "alpha" not in figures["plain"] and figures["plain"]["threshold"]["mean"] == 0.5
    assert "2 seeds" in capsys.readouterr().out


def test_several_at_a_time(described, arguments, fake):
    """The same steps, and none before those that it needs."""
    AblationRun(described, arguments(0, 1, jobs=3)).run()
    names = [name for name, _ in fake if name.startswith("seed")]
    assert len(names) == len(set(names)) == 14
    for seed in (0, 1):
        at = {name.partition(": ")[2]: i for i, name in enumerate(names) if f"seed {seed}" in name}
        assert at["train first"] < at["train second"] < at["tune more"]
        assert max(at["tune more"], at["train second"]) < min(at["test less"], at["test more"])


def test_what_is_there_is_not_done_again(described, arguments, fake, tmp_path):
    AblationRun(described, arguments(0)).run()
    for split in ("data/annotations/train", "data/annotations/val"):
        (tmp_path / split).mkdir(parents=True)
    for other in ("night", "tuning"):
        (tmp_path / f"data_{other}" / "annotations" / "val").mkdir(parents=True)
    fake.clear()
    AblationRun(described, arguments(0)).run()
    assert not fake
    # an interrupted training: its file is there, but the newest whole one is an earlier epoch's
    folder = tmp_path / "work" / "seed0" / "second"
    (folder / "last_checkpoint").write_text(str(folder / "epoch_1.pth"))
    AblationRun(described, arguments(0)).run()
    steps = ("train second", "tune more", "test less", "test more")
    assert [name for name, _ in fake] == [f"seed 0: {step}" for step in steps]


def test_another_first_stage_needs_another_second(described, arguments, fake, tmp_path):
    """With as many epochs of the second as before, and another number of the first."""
    AblationRun(described, arguments(0, epochs=[1, 2])).run()
    for age, pattern in enumerate(("*.pth", "*.json"), start=1):
        for path in (tmp_path / "work").rglob(pattern):
            os.utime(path, (age, age))  # long ago, so that later steps are later for sure
    fake.clear()
    AblationRun(described, arguments(0)).run()
    names = [name for name, _ in fake if name.startswith("seed")]
    assert len(names) == 7 and names[:2] == ["seed 0: train first", "seed 0: train second"]


def test_fewer_epochs(described, arguments, fake):
    AblationRun(described, arguments(0, epochs=[2, 1])).run()
    commands = dict(fake)
    assert commands["seed 0: test plain"][2].endswith("first/epoch_2.pth")
    assert commands["seed 0: test more"][2].endswith("second/epoch_1.pth")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (dict(seeds=[1, 1]), "one stands twice"),
        (dict(epochs=[0, 1]), "must be 1 or more"),
        (dict(jobs=0), "jobs must be 1 or more, got 0"),
    ],
)
def test_wrong_options(described, arguments, options, text):
    args = arguments(0)
    vars(args).update(options)
    with pytest.raises(ValueError, match=text):
        AblationRun(described, args)


def test_numbers_of_a_checkpoint(tmp_path):
    path = tmp_path / "epoch_1.pth"
    torch.save(dict(state_dict={"neck.alpha": torch.tensor(0.25)}), path)
    assert read_numbers(path, {"alpha": "neck.alpha"}) == {"alpha": 0.25}
    with pytest.raises(ValueError, match=re.escape("epoch_1.pth has no 'neck.beta'")):
        read_numbers(path, {"beta": "neck.beta"})
