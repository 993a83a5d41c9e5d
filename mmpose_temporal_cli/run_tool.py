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
    with _noted_interrupts() as interrupts:
        return _run(parser, run, arguments, interrupts)


@contextmanager
def _noted_interrupts() -> Iterator[list[int]]:
    """A list that Ctrl-C adds to, besides raising KeyboardInterrupt as always."""
    found: list[int] = []

    def note(number: int, frame: object) -> None:
        found.append(number)
        raise KeyboardInterrupt

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
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _run(
    parser: argparse.ArgumentParser,
    run: Callable[[argparse.Namespace], int | None],
    arguments: Sequence[str] | None,
    interrupts: Sequence[int],
) -> int:
