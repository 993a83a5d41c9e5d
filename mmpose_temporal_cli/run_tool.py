"""The one way in which the tools report errors and exit.

Exit status of every tool:

* 0: done.
* 1: finished, but not as asked: a check found faults, some of the input could not be read, or a
  step failed. An error of the program itself ends with Python's traceback and this status too.
* 2: wrong usage or bad input, as of argparse; one line, ``TOOL: error: WHAT AND WHERE``, on
  stderr.
* 130: interrupted (128 + SIGINT, as shells have it), with one line. After Ctrl-C any error counts
  as that: libraries turn the interrupt into other errors, or miss a worker that got it too.
"""

import argparse
import os
import re
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pickle import UnpicklingError

DONE, INCOMPLETE, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


class StepFailed(Exception):
    """A program that a tool runs has failed; the text says which, and where its log is."""


PATH_ERRORS = (
    FileNotFoundError,
    FileExistsError,
    NotADirectoryError,
    IsADirectoryError,
    PermissionError,
)
"""The system's words for a path that the user named wrongly."""

STATED_ERRORS = (ValueError, TypeError, KeyError, ImportError, NotImplementedError)
"""What a check of the input raises."""

CHECKING_PACKAGES = (
    "mmpose_temporal",
    "mmpose_temporal_cli",
    "mmengine",
    "mmcv",
    "mmpose",
    "mmdet",
)
"""Whose checks speak to the user: of configs, data files and options."""

_REMOTE_FRAME = re.compile(r'File "([^"]+)", line \d+, in .*\n\s+(.*)')


_WORKER = re.compile(r"Caught \w+ in DataLoader worker process \d+\.\nOriginal Traceback ")
"""How torch raises an error of a data loader's worker again, with that traceback as its text."""


def run_tool(
    parser: argparse.ArgumentParser,
    run: Callable[[argparse.Namespace], int | None],
    arguments: Sequence[str] | None = None,
) -> int:
    """Read a command line, do what it says, and report an error as every tool does.

    Args:
        parser: Of the tool.
        run: Gets the arguments, and the whole command line as ``command_line``, a list of words;
            returns the exit status, None for 0. It raises an error for bad input, a ValueError for
            example, and need not catch any. Imports that take long belong into it.
        arguments: The command line without the tool's name; ``sys.argv`` if None.

    Returns:
        Exit status, see the module.

    Raises:
        SystemExit: Wrong usage, or ``--help`` (argparse).
        Exception: An error of the program, for its traceback.
    """
    # mmengine 0.10 loads pkg_resources again for each config with a base of another package, and
    # setuptools 80.9 and later warn each time; only mmengine can change it
    warnings.filterwarnings("ignore", "pkg_resources is deprecated", UserWarning)
    with _noted_interrupts(parser.prog, alone=arguments is None) as interrupts:
        return _run(parser, run, arguments, interrupts)


@contextmanager
def _noted_interrupts(prog: str, *, alone: bool) -> Iterator[list[int]]:
    """A list that Ctrl-C adds to.

    The first one raises KeyboardInterrupt as always. The second one would break what cleans up
    after it, and does nothing; the third one ends the process at once, as ``kill -9`` does.

    Args:
        prog: Name of the tool.
        alone: The process ends with the tool, and takes no more interrupts after one.
    """
    found: list[int] = []

    def note(number: int, frame: object) -> None:
        found.append(number)
        if len(found) == 1:
            raise KeyboardInterrupt
        if len(found) > 2:
            os.write(2, f"{prog}: interrupted\n".encode())
            os._exit(INTERRUPTED)

    try:
        usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if usual:
            signal.signal(signal.SIGINT, note)
    except ValueError:  # not the main thread, which gets no signals
        usual = False
    try:
        yield found
    finally:
        if usual:
            after = signal.SIG_IGN if alone and found else signal.default_int_handler
            signal.signal(signal.SIGINT, after)


def _run(
    parser: argparse.ArgumentParser,
    run: Callable[[argparse.Namespace], int | None],
    arguments: Sequence[str] | None,
    interrupts: Sequence[int],
) -> int:
    try:
        args = parser.parse_args(arguments)
        given = sys.argv[1:] if arguments is None else arguments
        args.command_line = [parser.prog, *map(str, given)]
        status = run(args) or DONE
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        print(f"{parser.prog}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # of `tool | head`; nothing more can be printed, on exit neither
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return INCOMPLETE
    except Exception as error:
        if interrupts:
            print(f"{parser.prog}: interrupted", file=sys.stderr)
            return INTERRUPTED
        status = error_status(error, scripts=(run.__module__,))
        if status is None:
            raise
        print(f"{parser.prog}: error: {error_text(error)}", file=sys.stderr)
        return status


def error_status(error: Exception, *, scripts: Sequence[str] = ()) -> int | None:
    """The exit status of an error that is reported in one line; None: it is the program's own.

    A ValueError may be a check of this project that speaks to the user, or an operation that
    failed in the middle of a computation (shapes that do not fit), which is of use with its
    traceback only. They are distinguished by where they come from: the first is raised by a
    ``raise`` of this project or of OpenMMLab's packages (choice; it leaves checks free to raise
    the usual classes).

    Args:
        error: With its traceback.
        scripts: Names of further modules whose checks speak to the user.
    """
    if isinstance(error, (*PATH_ERRORS, UnpicklingError)) or _is_checkpoint_mismatch(error):
        return BAD_INPUT
    if isinstance(error, OSError | StepFailed):  # the disk is full, no connection
        return INCOMPLETE
    stated = isinstance(error, STATED_ERRORS)
    return BAD_INPUT if stated and _is_raised_on_purpose(error, scripts) else None


def error_text(error: Exception) -> str:
    """One line."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        text = f"{error.filename}: {error.strerror}"
    elif isinstance(error, KeyError) and len(error.args) == 1:
        text = str(error.args[0])  # KeyError's own text is quoted
    elif isinstance(error, UnpicklingError):
        from mmpose_temporal.utils.checkpoints import reason  # torch, which raised it, is there

        text = f"a file is no checkpoint of tensors: {reason(error)}"
    if _WORKER.match(text):
        last = text[text.rindex('\n  File "') :].splitlines()[2:]  # behind the place of the raise
        stated = [line for line in last if line[:1].strip()]  # not the code, nor its markers
        text = " ".join(last[last.index(stated[0]) :]).partition(": ")[2]
    return " ".join(text.split()) or type(error).__name__


def _is_checkpoint_mismatch(error: Exception) -> bool:
    """Whether it is mmpose_temporal's CheckpointMismatch, which nobody raises who has no torch."""
    checkpoints = sys.modules.get("mmpose_temporal.utils.checkpoints")
    return checkpoints is not None and isinstance(error, checkpoints.CheckpointMismatch)


def _is_raised_on_purpose(error: Exception, scripts: Sequence[str]) -> bool:
    """The error is of a ``raise`` in code that checks input, not of an operation that failed."""
    elsewhere = getattr(error.__cause__, "tb", "") or ""  # as concurrent.futures hands it on
    if error.args and _WORKER.match(str(error.args[0])):
        elsewhere = str(error.args[0])
    remote = _REMOTE_FRAME.findall(elsewhere)
    if remote:  # of another process
        path, line = remote[-1]
        folders = path.replace(os.sep, "/").split("/")
        return line.startswith("raise") and bool({*CHECKING_PACKAGES} & {*folders})
    frames = list(traceback.walk_tb(error.__traceback__))
    module = frames[-1][0].f_globals.get("__name__", "")
    line = traceback.extract_tb(error.__traceback__)[-1].line or ""
    if module.startswith("mmengine.registry"):
        return True  # an unknown type, or a setting that a class does not take
    known = module in scripts or module.partition(".")[0] in CHECKING_PACKAGES
    return known and line.startswith("raise")
