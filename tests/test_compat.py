"""The checks on import and the checkpoint types: real checkpoints load, hostile ones do not."""

from __future__ import annotations

import os
import types
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmengine.runner.checkpoint import _load_checkpoint

from mmpose_temporal import compat

safe_loader = pytest.mark.skipif(
    compat._release(torch.__version__) < (2, 6, 0), reason="torch < 2.6 has no such default"
)


class Line(BaseModel):
    """y = w x, fitted to y = 2 x."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, inputs: torch.Tensor, mode: str = "tensor") -> dict | torch.Tensor:
        predicted = self.weight * inputs
        return {"loss": ((predicted - 2 * inputs) ** 2).mean()} if mode == "loss" else predicted


def make_runner(work_dir: Path, epochs: int, resume: bool = False) -> Runner:
    """A real training of 4 iterations an epoch, with mmengine's own hooks and checkpoints."""
    return Runner(
        model=Line(),
        work_dir=str(work_dir),
        train_dataloader={
            "dataset": [{"inputs": torch.full((1,), float(x))} for x in (1, 2, 3, 4)],
            "sampler": {"type": "DefaultSampler", "shuffle": True},
            "collate_fn": {"type": "default_collate"},
            "batch_size": 1,
            "num_workers": 0,
        },
        train_cfg={"by_epoch": True, "max_epochs": epochs},
        optim_wrapper={"optimizer": {"type": "SGD", "lr": 0.01, "momentum": 0.9}},
        param_scheduler=[{"type": "LinearLR", "start_factor": 0.5, "end": 2}],
        default_hooks={"logger": {"type": "LoggerHook", "interval": 1}},
        resume=resume,
        default_scope="mmengine",
        experiment_name=f"compat-{epochs}",
    )


@safe_loader
def test_training_checkpoint_saves_loads_and_resumes(tmp_path: Path) -> None:
    first = make_runner(tmp_path, epochs=2)
    first.train()
    checkpoint = torch.load(tmp_path / "epoch_2.pth")  # weights_only is the default
    scalars = checkpoint["message_hub"]["log_scalars"]
    assert isinstance(scalars["train/loss"], HistoryBuffer)
    assert len(scalars["train/loss"].data[0]) == 2 * 4  # epochs x iterations

    again = make_runner(tmp_path, epochs=3, resume=True)
    again.train()
    assert (again.epoch, again.iter) == (3, 12)
    assert len(again.message_hub.get_scalar("train/loss").data[0]) == 3 * 4
    assert again.model.weight.item() != first.model.weight.item()


@safe_loader
def test_values_that_a_checkpoint_may_hold_come_back(tmp_path: Path) -> None:
    buffer = HistoryBuffer([1.0, 2.0, 6.0], [1, 1, 1])
    held = {
        "buffer": buffer,
        "best": np.float64(0.5),
        "count": np.int64(3),
        "sigmas": np.array([0.1, 0.2], dtype=np.float32),
        "names": np.array(["nose", "left_ear"]),
        "flags": np.array([True, False]),
    }
    torch.save(held, tmp_path / "held.pth")
    loaded = torch.load(tmp_path / "held.pth", weights_only=True)
    assert loaded["buffer"].statistics("mean") == (1 + 2 + 6) / 3
    assert loaded["buffer"].statistics("min", 2) == 2
    assert loaded["best"] == 0.5 and loaded["count"] == 3
    for name in ("sigmas", "names", "flags"):
        assert loaded[name].dtype == held[name].dtype
        assert loaded[name].tolist() == held[name].tolist()


def write_with_globals(path: Path, value: object, renamed: dict[bytes, bytes]) -> None:
    """Save a checkpoint whose pickle names its globals as another library version would."""
    torch.save(value, path, _use_new_zipfile_serialization=False)
    content = path.read_bytes()
    for old, new in renamed.items():
        assert old in content
        content = content.replace(old, new)
    path.write_bytes(content)


@safe_loader
@pytest.mark.parametrize("module", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
def test_checkpoints_of_either_numpy_load(tmp_path: Path, module: bytes) -> None:
    here = np.empty(0).__reduce__()[0].__module__.encode()
    held = {"array": np.arange(3.0), "scalar": np.float64(2.5)}
    renamed = {b"c" + here + b"\n": b"c" + module + b"\n"}
    write_with_globals(tmp_path / "held.pth", held, renamed)
    loaded = torch.load(tmp_path / "held.pth", weights_only=True)
    assert loaded["array"].tolist() == [0, 1, 2]
    assert loaded["scalar"] == 2.5


class CallOnLoad:
    """Pickles as a call of a function: what a hostile file looks like."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple:
        return self.call


@safe_loader
@pytest.mark.parametrize(
    "hostile",
    [
        lambda mark: CallOnLoad(os.system, f"touch {mark}"),
        lambda mark: CallOnLoad(eval, f"open({str(mark)!r}, 'w')"),
        lambda mark: CallOnLoad(getattr, HistoryBuffer, "__init__"),
        lambda mark: CallOnLoad(getattr, HistoryBuffer, "update"),
        lambda mark: CallOnLoad(getattr, HistoryBuffer, "__subclasses__"),
        lambda mark: CallOnLoad(getattr, np.ndarray, "tofile"),
        lambda mark: np.array([1, "text", None], dtype=object),
    ],
    ids=["system", "eval", "init", "update", "subclasses", "other class", "object array"],
)
def test_a_hostile_checkpoint_is_refused(tmp_path: Path, hostile: object) -> None:
    mark = tmp_path / "was_run"
    torch.save({"state_dict": {}, "meta": hostile(mark)}, tmp_path / "hostile.pth")
    with pytest.raises(ValueError, match="hostile.pth is no checkpoint of tensors"):
        _load_checkpoint(str(tmp_path / "hostile.pth"))  # as mmengine's load and resume do
    assert not mark.exists()


def test_the_stand_in_for_getattr_gives_four_answers() -> None:
    for name in ("min", "max", "current", "mean"):
        assert compat.history_buffer_getattr(HistoryBuffer, name) is getattr(HistoryBuffer, name)

    class Child(HistoryBuffer):
        pass

    class Text(str):
        __slots__ = ()

    for owner, name in [
        (HistoryBuffer, "update"),
        (HistoryBuffer, "__class__"),
        (Child, "min"),
        (os, "system"),
        (HistoryBuffer([1.0], [1]), "min"),
        (HistoryBuffer, Text("min")),
    ]:
        with pytest.raises(AttributeError, match="only the statistics min, max, current, mean"):
            compat.history_buffer_getattr(owner, name)


def test_the_real_getattr_is_not_allowed() -> None:
    allowed = [item[0] if isinstance(item, tuple) else item for item in compat.checkpoint_types()]
    assert getattr not in allowed
    assert type(np.dtype(object)) not in allowed


def test_older_torch_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "__version__", "2.5.1")
    assert compat.allow_checkpoint_types() is False


@pytest.mark.parametrize(
    ("version", "numbers"),
    [("2.12.1+cu130", (2, 12, 1)), ("2.1", (2, 1, 0)), ("2.2.0rc1", (2, 2, 0))],
)
def test_version_numbers(version: str, numbers: tuple[int, ...]) -> None:
    assert compat._release(version) == numbers


@pytest.mark.parametrize(
    ("name", "version", "fits"),
    [
        ("torch", "2.0.1", False),
        ("torch", "2.1.0", True),
        ("mmcv", "1.7.2", False),
        ("mmcv", "2.0.0", True),
        ("mmcv", "2.2.0", False),
        ("mmpose", "1.2.0", False),
        ("mmpose", "1.3.2", True),
        ("mmengine", "0.10.4", False),
        ("mmengine", "0.10.5", True),
        ("mmengine", "0.10.7", True),
        ("mmengine", "1.0.0", False),
    ],
)
def test_versions_at_the_limits(
    monkeypatch: pytest.MonkeyPatch, name: str, version: str, fits: bool
) -> None:
    requirement = next(item for item in compat.REQUIREMENTS if item.name == name)
    module = types.SimpleNamespace(__version__=version)
    monkeypatch.setattr(compat.importlib, "import_module", lambda _: module)
    if fits:
        assert compat.check_requirement(requirement) is module
        return
    with pytest.raises(ImportError) as caught:
        compat.check_requirement(requirement)
    text = str(caught.value)
    assert f"{name} {version} is installed" in text
    assert requirement.range in text and requirement.fix in text


def test_mim_is_told_the_same_versions(project_root: Path) -> None:
    lines = (project_root / "requirements" / "mminstall.txt").read_text().splitlines()
    told = {line for line in lines if line and not line.startswith("#")}
    checked = {item.range for item in compat.REQUIREMENTS if item.name != "torch"}
    assert told == checked


def raising(error: Exception) -> object:
    """A replacement of importlib.import_module that fails."""

    def import_module(name: str) -> None:
        raise error

    return import_module


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            ModuleNotFoundError("No module", name="mmpose"),
            "not installed. To fix it: python -m pip",
        ),
        (ModuleNotFoundError("No module", name="munkres"), "does not import.*Install munkres"),
        (AssertionError("MMCV==2.3.0 is used"), "fails to import: MMCV==2.3.0 is used"),
    ],
)
def test_a_missing_or_broken_library_is_named(
    monkeypatch: pytest.MonkeyPatch, error: Exception, text: str
) -> None:
    monkeypatch.setattr(compat.importlib, "import_module", raising(error))
    requirement = next(item for item in compat.REQUIREMENTS if item.name == "mmpose")
    with pytest.raises(ImportError, match=text):
        compat.check_requirement(requirement)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ModuleNotFoundError("No module named 'mmcv._ext'", name="mmcv._ext"), "mmcv-lite"),
        (ImportError("_ext.so: undefined symbol: _ZN3c10"), "built against another torch"),
    ],
)
def test_mmcv_without_working_operators_is_named(
    monkeypatch: pytest.MonkeyPatch, error: Exception, text: str
) -> None:
    monkeypatch.setattr(compat.importlib, "import_module", raising(error))
    with pytest.raises(ImportError, match=text) as caught:
        compat.check_mmcv_ops()
    assert "MMCV_WITH_OPS=1 python -m pip install" in str(caught.value)


@pytest.mark.parametrize("missing", [(), ("mmpose",), ("mmengine", "mmcv", "mmpose")])
def test_libraries_that_pip_does_not_install_are_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, missing: tuple[str, ...]
) -> None:
    there = ModuleSpec("there", None, origin="there/__init__.py")
    monkeypatch.setattr(
        compat.importlib.util, "find_spec", lambda name: None if name in missing else there
    )
    if len(missing) < 2:  # one is named by check_requirement
        compat.check_installed()
        return
    with pytest.raises(ImportError) as caught:
        compat.check_installed()
    text = str(caught.value)
    assert "\n" not in text
    assert "not installed: mmengine>=0.10.5,<1.0.0 mmcv>=2.0.0,<2.2.0 mmpose>=1.3.0,<2.0.0" in text
    line = text.split("To install them: ")[1].split(" (")[0]
    commands = line.split(" && ")  # for a shell: notes come after them
    assert [command.split()[-1] for command in commands] == [
        "mmengine==0.10.7",
        "'setuptools<81'",
        "mmcv==2.1.0",
        "mmpose==1.3.2",
    ]


def test_folders_in_place_of_libraries_count_as_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    names = ("first_folder", "second_folder")
    libraries = tuple(compat.Requirement(name, "1.0", None, f"get {name}") for name in names)
    monkeypatch.setattr(compat, "REQUIREMENTS", libraries)
    for name in names:
        (tmp_path / name).mkdir()
    with pytest.raises(ImportError, match="To install them: get first_folder && get second_fold"):
        compat.check_installed()


def test_a_folder_in_place_of_a_library_is_not_taken_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """For example the clone of mmpose in the folder in which Python runs."""
    (tmp_path / "mmlab").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    requirement = compat.Requirement("mmlab", "1.0", None, "python -m pip install mmlab")
    with pytest.raises(ImportError, match="in its place is .*mmlab, .*another folder"):
        compat.check_requirement(requirement)
