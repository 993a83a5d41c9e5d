"""What becomes of errors: one line for a user's, a traceback for the program's own."""

import argparse
import pickle
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
from mmengine.registry import Registry
from torch.utils.data import DataLoader

from mmpose_temporal.datasets import LoadVideoFrame
from mmpose_temporal.engine.command_line import StepFailed, read_config, run_tool
from mmpose_temporal.utils import safe_join
from mmpose_temporal.utils.checkpoints import CheckpointMismatch
from mmpose_temporal_cli import error_text

PARTS = Registry("parts")


@PARTS.register_module()
class Part:
    def __init__(self, *, size: int = 1):
        self.size = size


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="tool")
    made.add_argument("--number", type=int)
    return made


def call(action, capsys, *arguments):
    status = run_tool(parser(), lambda args: action(), arguments)
    return status, capsys.readouterr().err


def fail(error):
    raise error


@pytest.mark.parametrize(("answer", "status"), [(None, 0), (0, 0), (1, 1)])
def test_status_of_work_that_ends(answer, status, capsys):
    assert call(lambda: answer, capsys) == (status, "")


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (ValueError("a\n  b"), 2, "a b"),
        (KeyError("a name"), 2, "a name"),
        (TypeError(""), 2, "TypeError"),
        (FileNotFoundError(2, "No such file or directory", "a.json"), 2, "a.json: No such"),
        (CheckpointMismatch("it lacks 3"), 2, "it lacks 3"),
        (pickle.UnpicklingError("odd. More"), 2, "no checkpoint of tensors: odd"),
        (OSError(28, "No space left on device"), 1, "[Errno 28] No space"),
        (StepFailed("'train' failed"), 1, "'train' failed"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_errors_in_one_line(error, status, text, capsys):
    found, printed = call(lambda: fail(error), capsys)
    assert found == status
    assert printed.startswith("tool: ") and text in printed
    assert printed.count("\n") == 1


def test_checks_of_the_package_speak_to_the_user(capsys):
    status, printed = call(lambda: safe_join("root", "../secret"), capsys)
    assert status == 2 and "leaves the data root" in printed


@pytest.mark.parametrize(
    ("config", "text"),
    [
        (dict(type="Nothing"), "Nothing is not in the"),
        (dict(type="Part", sizes=3), "unexpected keyword argument 'sizes'"),
        (dict(size=3), 'must contain the key "type"'),
    ],
)
def test_a_config_that_the_registry_refuses(config, text, capsys):
    status, printed = call(lambda: PARTS.build(config), capsys)
    assert status == 2 and text in printed and printed.count("\n") == 1


@pytest.mark.parametrize(
    ("action", "error"),
    [
        (lambda: np.zeros(2) + np.zeros(3), ValueError),  # an operation, of this file
        (lambda: int("x"), ValueError),
        (lambda: {}["key"], KeyError),
        (lambda: len(3), TypeError),
        (lambda: np.stack([]), ValueError),  # a raise, of another package
        (lambda: fail(RuntimeError("lost")), RuntimeError),
        (lambda: fail(AssertionError()), AssertionError),
    ],
)
def test_an_error_of_the_program_keeps_its_traceback(action, error, capsys):
    with pytest.raises(error):
        run_tool(parser(), lambda args: action(), [])
    assert capsys.readouterr().err == ""


def test_errors_of_other_processes(capsys):
    def in_pool(function, *arguments):
        with ProcessPoolExecutor(1) as pool:
            return pool.submit(function, *arguments).result()

    status, printed = call(lambda: in_pool(safe_join, "root", "../secret"), capsys)
    assert status == 2 and "leaves the data root" in printed and printed.count("\n") == 1
    with pytest.raises(ValueError, match="invalid literal"):
        call(lambda: in_pool(int, "x"), capsys)


def test_wrong_usage_is_argparses(capsys):
    with pytest.raises(SystemExit) as ended:
        call(lambda: None, capsys, "--number", "x")
    assert ended.value.code == 2
    assert "tool: error: argument --number" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["a = ", "a = 1 / 0", "_base_ = 'none.py'", "{"])
def test_a_file_that_is_no_config(text, tmp_path):
    path = tmp_path / "config.py"
    path.write_text(text)
    with pytest.raises((ValueError, FileNotFoundError), match=r"config\.py|none\.py"):
        read_config(str(path))


def test_options_that_do_not_fit(tmp_path):
    path = tmp_path / "config.py"
    path.write_text("a = [1]\nb = 3")
    assert read_config(str(path), {"b": 4}).b == 4
    for options in ({"a.7": 1}, {"b.c": 1}):
        with pytest.raises(ValueError, match="--cfg-options does not fit"):
            read_config(str(path), options)


def test_text_of_a_path():
    assert error_text(PermissionError(13, "Permission denied", "x")) == "x: Permission denied"


def test_an_error_after_an_interrupt_is_the_interrupt(capsys):
    """Libraries turn KeyboardInterrupt into errors of their own."""

    def work():
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise RuntimeError("DataLoader worker (pid 7) exited unexpectedly") from None

    assert call(work, capsys) == (130, "tool: interrupted\n")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt(capsys):
    assert call(lambda: signal.raise_signal(signal.SIGINT), capsys) == (130, "tool: interrupted\n")


@pytest.mark.parametrize("times", [2, 3])
def test_more_interrupts(times):
    """The second one leaves the cleaning alone, the third one ends it; in a process of its own."""
    code = (
        "import argparse, signal; from mmpose_temporal_cli import run_tool\n"
        "def run(args):\n"
        "    try: signal.raise_signal(signal.SIGINT)\n"
        "    finally:\n"
        f"        for _ in range({times} - 1): signal.raise_signal(signal.SIGINT)\n"
        "        print('clean')\n"
        "status = run_tool(argparse.ArgumentParser('tool'), run)\n"
        "signal.raise_signal(signal.SIGINT)\n"  # while Python ends
        "raise SystemExit(status)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "tool: interrupted\n")
    assert done.stdout == ("clean\n" if times == 2 else "")


def test_no_notice_of_pkg_resources():
    """In a process of its own: pytest has filters of warnings."""
    code = (
        "import argparse, warnings; from mmpose_temporal_cli import run_tool; "
        "run = lambda args: [warnings.warn(text) for text in "
        "('pkg_resources is deprecated as an API.', 'something else')] and 0; "
        "run_tool(argparse.ArgumentParser(), run, [])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "something else" in done.stderr and "pkg_resources is" not in done.stderr


class Frames:
    """A data set that reads a frame, or whose arithmetic fails."""

    def __init__(self, path):
        self.path = path

    def __len__(self):
        return 1

    def __getitem__(self, index):
        if self.path is None:
            return np.zeros((2, 3)) @ np.zeros((2, 3))
        if self.path == "":
            raise KeyError("no such name")
        if self.path == "open":
            return open("/nowhere/a.txt").read()
        return LoadVideoFrame()(dict(img_path=self.path, video_id="v", frame_index=3))["img"]


def load(path):
    return list(DataLoader(Frames(path), num_workers=1))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/nowhere/a.jpg", "tool: error: video v, frame 3: cannot use /nowhere/a.jpg ("),
        ("open", "tool: error: [Errno 2] No such file or directory: '/nowhere/a.txt'\n"),
    ],
)
def test_errors_of_a_data_loaders_worker_are_one_line(path, text, capsys):
    """torch puts the whole traceback into the text."""
    status, error = call(lambda: load(path), capsys)
    assert status == 2
    assert error.startswith(text) and error.count("\n") == 1
    assert "Traceback" not in error and "worker" not in error


@pytest.mark.parametrize(("path", "kind"), [(None, ValueError), ("", KeyError)])
def test_a_worker_in_which_the_program_fails_keeps_its_traceback(path, kind, capsys):
    """No check of the input, but an operation that fails, and a test's own data set."""
    with pytest.raises(kind, match="DataLoader worker"):
        call(lambda: load(path), capsys)
