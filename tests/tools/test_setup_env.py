"""The set-up: what makes an environment stale, what a failure says, and a real light `.venv`."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import threading
import time
import types
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pip
import pytest


@pytest.fixture(scope="module")
def setup_env(project_root: Path) -> Iterator[types.SimpleNamespace]:
    """What tools/setup_env.py and its modules define, found beside it as the script finds them."""
    before = set(sys.modules)
    sys.path.insert(0, str(project_root / "tools"))
    names = ("setup_env", "environment.dependencies", "environment.plan", "environment.steps")
    modules = [importlib.import_module(name) for name in names]
    yield types.SimpleNamespace(**{k: v for module in modules for k, v in vars(module).items()})
    sys.path.remove(str(project_root / "tools"))
    for name in set(sys.modules) - before:
        if name.split(".")[0] in ("setup_env", "environment"):
            del sys.modules[name]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The smallest clone that the script can set up."""
    folder = tmp_path / "clone of mine"
    for name, text in {
        "requirements/lock.txt": "six==1.17.0\ntorch==2.12.1\ntorchvision==0.27.1\nmmcv==2.1.0\n",
        "requirements/runtime.txt": "numpy<2\n",
        "mmpose_temporal/__init__.py": "",
        "mmpose_temporal/version.py": '__version__ = "1"\n',
        "setup.py": (
            "from setuptools import setup\n"
            "setup(name='mmpose_temporal', version='1', packages=['mmpose_temporal'])\n"
        ),
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def plan(setup_env: types.SimpleNamespace, project: Path, tmp_path: Path) -> object:
    """The plan for that clone, with a cache of its own."""
    environ = {"MMPOSE_TEMPORAL_CACHE": str(tmp_path / "cache"), "FORCE_CUDA": "0"}
    return setup_env.Plan.from_environment(project, environ)


def test_the_cache_is_where_the_variables_say(
    setup_env: types.SimpleNamespace, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/someone")

    def cache(**environ: str) -> str:
        return str(setup_env.Plan.from_environment(project, environ).cache)

    assert cache() == "/home/someone/.cache/mmpose_temporal"
    assert cache(XDG_CACHE_HOME="/x") == "/x/mmpose_temporal"
    assert cache(XDG_CACHE_HOME="/x", MMPOSE_TEMPORAL_CACHE="/y") == "/y"


def test_torch_and_torchvision_are_overridden_together(
    setup_env: types.SimpleNamespace, project: Path
) -> None:
    def pins(**environ: str) -> dict:
        return setup_env.Plan.from_environment(project, environ).pins

    assert pins() == {"torch": "2.12.1", "torchvision": "0.27.1", "mmcv": "2.1.0"}
    both = pins(TORCH="2.5.1", TORCHVISION="0.20.1")
    assert both == {"torch": "2.5.1", "torchvision": "0.20.1", "mmcv": "2.1.0"}
    for one in ("TORCH", "TORCHVISION"):
        with pytest.raises(setup_env.SetupError, match="only one of them is set"):
            pins(**{one: "2.5.1"})


def test_force_cuda_is_zero_or_one(setup_env: types.SimpleNamespace) -> None:
    assert setup_env.wants_cuda_ops({"FORCE_CUDA": "1"}) is True
    assert setup_env.wants_cuda_ops({"FORCE_CUDA": "0"}) is False
    with pytest.raises(setup_env.SetupError, match="must be 0 or 1"):
        setup_env.wants_cuda_ops({"FORCE_CUDA": "yes"})


def test_the_lock_file_pins_what_has_its_own_steps(
    setup_env: types.SimpleNamespace, project_root: Path, tmp_path: Path
) -> None:
    pins = setup_env.read_pins(project_root / "requirements/lock.txt")
    assert set(pins) == {"torch", "torchvision", "mmcv"}
    (tmp_path / "lock.txt").write_text("torch==2.12.1\n")
    with pytest.raises(setup_env.SetupError, match="no version of torchvision, mmcv"):
        setup_env.read_pins(tmp_path / "lock.txt")


def test_the_key_changes_with_everything_it_stands_for(
    setup_env: types.SimpleNamespace, plan: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [plan.key]
    assert replace(plan, cache=Path("/elsewhere")).key == keys[0]  # the place is no part of it
    keys.append(replace(plan, pins={**plan.pins, "torch": "2.5.1"}).key)
    keys.append(replace(plan, cuda=True).key)
    monkeypatch.setattr(setup_env.platform, "python_version", lambda: "3.10.99")
    keys.append(plan.key)
    monkeypatch.undo()
    lock = plan.project / "requirements/lock.txt"
    lock.write_text(lock.read_text() + "six==1.17.0\n")
    keys.append(plan.key)
    assert len(set(keys)) == 5


def test_mmcv_wheels_are_kept_by_torch_python_and_kind(plan: object) -> None:
    assert plan.mmcv_wheel() is None
    plan.wheels.mkdir(parents=True)
    wheel = plan.wheels / "mmcv-2.1.0-cp311-cp311-linux_x86_64.whl"
    wheel.touch()
    assert plan.mmcv_wheel() == wheel
    assert replace(plan, pins={**plan.pins, "torch": "2.5.1"}).mmcv_wheel() is None
    assert replace(plan, pins={**plan.pins, "mmcv": "2.0.1"}).mmcv_wheel() is None
    assert replace(plan, cuda=True).mmcv_wheel() is None


def failing_step(setup_env: types.SimpleNamespace, text: str) -> object:
    """A step whose command prints a text and fails."""
    code = f"print({text!r}); raise SystemExit(3)"
    action = lambda log: setup_env.run(log, sys.executable, "-c", code)  # noqa: E731
    return setup_env.Step("the second", action, advice="Advice of the step.")


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("OSError: [Errno 28] No space left on device", "Free some space"),
        ("error: unable to execute 'g++': No such file", "apt-get install g++"),
        ("fatal error: Python.h: No such file or directory", "python3-dev"),
        ("c++: fatal error: Killed signal terminated program cc1plus", "MAX_JOBS=1"),
        ("RuntimeError: operator torchvision::nms does not exist", "different builds"),
        ("Failed to establish a new connection: NewConnectionError", "could not be reached"),
        ("c++: error: unrecognized command-line option '-std=c++20'", "Install a newer one"),
        ("ATen.h:5:2: error: #error C++20 or later compatible compiler is required", "CXX=..."),
        ("ERROR: No matching distribution found for torch==9.9", "has no such version"),
        ("something unheard of", "Advice of the step."),
    ],
)
def test_a_failure_says_where_why_and_what_to_do(
    setup_env: types.SimpleNamespace,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
    text: str,
    advice: str,
) -> None:
    steps = [
        setup_env.Step("the first", lambda log: "a note"),
        failing_step(setup_env, text),
        setup_env.Step("the third", lambda log: pytest.fail("went on after a failure")),
    ]
    with pytest.raises(setup_env.SetupError) as caught:
        setup_env.run_steps(steps, tmp_path / "logs")
    told = str(caught.value)
    assert "step 2 of 3: the second" in told
    assert text in told and advice in told
    assert str(tmp_path / "logs/2-the-second.log") in told
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "[1/3] the first ... done in 0 s (a note)"
    assert lines[1].startswith("[2/3] the second ... FAILED after")


def test_steps_give_their_times_and_keep_their_output(
    setup_env: types.SimpleNamespace, tmp_path: Path
) -> None:
    action = lambda log: setup_env.run(log, sys.executable, "-c", "print('hello')")  # noqa: E731
    seconds = setup_env.run_steps([setup_env.Step("greet", action)], tmp_path / "logs")
    assert list(seconds) == ["greet"]
    assert (tmp_path / "logs/1-greet.log").read_text().endswith("hello\n")


def test_two_set_ups_wait_for_each_other(
    setup_env: types.SimpleNamespace, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    told = []

    def second() -> None:
        with setup_env.exclusive(tmp_path / "lock"):
            told.append("second")

    with setup_env.exclusive(tmp_path / "lock"):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.2)
        told.append("first")
    thread.join(timeout=10)
    assert told == ["first", "second"]
    assert "Another set-up is at work" in capsys.readouterr().out


def test_no_compiler_is_said_before_anything_is_built(
    setup_env: types.SimpleNamespace, plan: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan.cache.mkdir()
    monkeypatch.setattr("environment.dependencies.FREE_GB", 0)
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(setup_env.SetupError, match="no C\\+\\+ compiler.*apt-get install g\\+\\+"):
        setup_env.Builder(plan).check_machine(tmp_path / "log")
    monkeypatch.setattr("environment.dependencies.FREE_GB", 10**9)
    with pytest.raises(setup_env.SetupError, match="GB free and the environment needs"):
        setup_env.Builder(plan).check_machine(tmp_path / "log")


@pytest.fixture
def built(plan: object, setup_env: types.SimpleNamespace) -> object:
    """The plan with a stand-in for its dependency environment: pip and setuptools of this one."""
    packages = setup_env.site_packages(plan.environment)
    packages.mkdir(parents=True)
    for package in Path(pip.__file__).parents[1].iterdir():
        if package.name.startswith(("pip", "setuptools", "pkg_resources", "_distutils_hack")):
            (packages / package.name).symlink_to(package)
    (packages / "nested.pth").write_text("import sys; sys.nested_pth_was_read = True\n")
    commands = plan.environment / "bin"
    commands.mkdir()
    (commands / "python").symlink_to(sys.executable)
    (commands / "program").write_bytes(b"\x7fELF, or so")
    code = "import sys, mmpose_temporal as m\nprint(sys.prefix, *m.__path__, sep='\\n')\n"
    (commands / "where").write_text(f"#!{commands / 'python'}\n{code}")
    (commands / "where").chmod(0o755)
    plan.stamp.write_text("{}")
    return plan


def test_a_clone_gets_a_light_environment_that_imports_its_own_code(
    setup_env: types.SimpleNamespace, built: object, capsys: pytest.CaptureFixture
) -> None:
    clone = setup_env.CloneEnvironment(built)
    assert not clone.is_current()
    setup_env.set_up(built)
    assert clone.is_current()
    assert capsys.readouterr().out.startswith("[1/1] .venv of this clone ... done")
    setup_env.set_up(built)
    assert capsys.readouterr().out == ""  # nothing to do

    code = "import sys, mmpose_temporal as m, pip; sys.nested_pth_was_read; print(m.__file__)"
    told = subprocess.check_output([clone.python, "-c", code], cwd="/", text=True)
    assert Path(told.strip()) == built.project / "mmpose_temporal/__init__.py"
    told = subprocess.check_output([clone.path / "bin/where"], cwd="/", text=True)
    assert told.split("\n")[:2] == [str(clone.path), str(built.project / "mmpose_temporal")]
    assert (clone.path / "bin/program").is_symlink()
    assert not (clone.path / "bin/pip").exists()  # without pip of its own: the other one's

    (built.project / "mmpose_temporal/version.py").write_text('__version__ = "2"\n')
    assert not clone.is_current()
    setup_env.set_up(built)
    assert clone.is_current()
    (clone.path / "bin/python").unlink()
    assert not clone.is_current()
    setup_env.set_up(built)
    assert clone.is_current()


def test_an_environment_without_stamp_or_python_is_not_complete(built: object) -> None:
    assert built.is_complete()
    built.stamp.unlink()
    assert not built.is_complete()
    built.stamp.touch()
    (built.environment / "bin/python").unlink()
    assert not built.is_complete()


def test_a_venv_of_somebody_else_is_left_alone(
    setup_env: types.SimpleNamespace, built: object
) -> None:
    mine = built.project / ".venv/precious"
    mine.mkdir(parents=True)
    with pytest.raises(setup_env.SetupError, match="was not made by this script"):
        setup_env.set_up(built)
    assert mine.is_dir()


def test_the_cache_is_cleaned_of_its_own_things_only(
    setup_env: types.SimpleNamespace, built: object, capsys: pytest.CaptureFixture
) -> None:
    (built.cache / "wheels").mkdir()
    (built.cache / "notes.txt").touch()
    (built.environment / "large").write_bytes(bytes(60_000_000))
    setup_env.clean_cache(built.cache)
    assert [path.name for path in built.cache.iterdir()] == ["notes.txt"]
    assert Path(pip.__file__).exists()  # the links were removed, not what they point at
    assert "Removed 0.1 GB" in capsys.readouterr().out


def test_child_processes_get_no_foreign_packages(
    setup_env: types.SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("PIP_INDEX_URL", "kept")
    environ = setup_env.clean_environ(MAX_JOBS="2")
    assert "PYTHONPATH" not in environ
    assert environ["MAX_JOBS"] == "2" and environ["PIP_INDEX_URL"] == "kept"
    assert environ["PATH"] == os.environ["PATH"]


def test_a_wrong_python_is_refused_by_make(project_root: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "python3.9"
    wrong.write_text("#!/bin/sh\nexit 1\n")
    wrong.chmod(0o755)
    done = subprocess.run(
        ["make", "--no-print-directory", "setup", f"PYTHON={wrong}"],
        cwd=project_root,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert f"that starts (tried: {wrong})" in done.stderr
    assert "make PYTHON=/path/to/python3.11" in done.stderr
