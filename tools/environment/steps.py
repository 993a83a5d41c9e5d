"""Steps with a line of progress, logs, advice for failures, and a lock."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

#: What a log says, and what helps. The first that is found is given, else the step's own advice.
SYMPTOMS = (
    (
        r"No space left on device|Errno 28",
        "The disk is full. Free some space, or name another place with MMPOSE_TEMPORAL_CACHE "
        "(and TMPDIR for what is unpacked on the way), then run make again.",
    ),
    (
        r"Killed signal|signal 9|out of memory|Cannot allocate memory",
        "The compiler ran out of memory. Run make again with MAX_JOBS=1 in front of it.",
    ),
    (
        r"operator torchvision::nms does not exist",
        "torch and torchvision come from different builds (for example a CPU-only torch beside a "
        "CUDA torchvision). Both must come from the same index: look for an extra index or a "
        "find-links in `python -m pip config list`, or name a matching pair with TORCH=... "
        "TORCHVISION=... in front of make.",
    ),
    (
        r"Python\.h: No such file",
        "Python's headers are missing. Install them (Debian, Ubuntu: apt-get install "
        "python3-dev; Fedora: dnf install python3-devel), then run make again.",
    ),
    (
        r"CUDA_HOME environment variable is not set|detected CUDA version .* mismatches",
        "mmcv's GPU operators need the CUDA toolkit that torch was built with. Run make again "
        "with FORCE_CUDA=0 in front of it for the CPU operators, or set CUDA_HOME.",
    ),
    (
        r"unable to execute '?(g\+\+|gcc|c\+\+|cc)|(g\+\+|c\+\+|gcc): not found",
        "There is no C++ compiler. Install one (Debian, Ubuntu: apt-get install g++; Fedora: dnf "
        "install gcc-c++; macOS: xcode-select --install), then run make again.",
    ),
    (
        r"unrecognized command[- ]line option .-std=|invalid value '(gnu|c)\+\+\d+' in '-std|"
        r"C\+\+\d\d or later compatible compiler is required",
        "torch's headers need a C++ standard that this compiler does not know (torch 2.14: C++20, "
        "which g++ 11 knows). Install a newer one and name it in front of make: CXX=... CC=...; "
        "or choose an older pair with TORCH=... TORCHVISION=...",
    ),
    (
        r"NewConnectionError|ConnectTimeout|ReadTimeout|Max retries|name resolution|"
        r"Network is unreachable|Connection (refused|reset|aborted)|ProxyError|SSLError",
        "The package index could not be reached. Check the network and pip's proxy and index "
        "settings (`python -m pip config list`), then run make again.",
    ),
    (
        r"No matching distribution found|Could not find a version",
        "The package index has no such version for this Python and platform. Check the versions "
        "above (TORCH and TORCHVISION, if set), or build with another Python: make "
        "PYTHON=/path/to/python3.11 ...",
    ),
)


class SetupError(Exception):
    """Something that the person at the keyboard can put right; the text says how."""


def site_packages(prefix: Path) -> Path:
    """Where an environment keeps its packages."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return prefix / "lib" / version / "site-packages"


def clean_environ(**extra: str) -> dict[str, str]:
    """The environment of child processes, without what would mix other packages in."""
    dropped = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_USER": "0"}
    return {**kept, **quiet, "PYTHONNOUSERSITE": "1", **extra}


@dataclass
class Step:
    """One line of progress: what is done, how, and what helps when it fails for unknown reasons.

    `action` gets the log file and returns a note for the end of the line, or None.
    """

    title: str
    action: Callable[[Path], str | None]
    advice: str = "Read the log; when it was a passing problem, run make again."


def run(log: Path, *command: str | Path, cwd: Path | None = None, **environ: str) -> None:
    """Run a command with its output in the log.

    Raises:
        subprocess.CalledProcessError: If it fails.
    """
    words = [str(word) for word in command]
    with log.open("a") as file:
        file.write(f"$ {' '.join(words)}\n")
        file.flush()
        subprocess.run(
            words,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=clean_environ(**environ),
        )


def run_steps(steps: list[Step], logs: Path) -> dict[str, float]:
    """Carry out the steps with a line of progress each.

    Returns:
        Seconds by title.

    Raises:
        SetupError: For the first step that fails; the text has the step, the last lines of its
            log and what to do.
    """
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    seconds = {}
    for number, step in enumerate(steps, start=1):
        print(f"[{number}/{len(steps)}] {step.title} ...", end=" ", flush=True)
        log = logs / f"{number}-{re.sub(r'[^A-Za-z0-9.]+', '-', step.title).strip('-')[:40]}.log"
        log.touch()
        start = time.monotonic()
        try:
            note = step.action(log)
        except (SetupError, OSError, subprocess.CalledProcessError) as error:
            print(f"FAILED after {time.monotonic() - start:.0f} s", flush=True)
            text = log.read_text(errors="replace")
            place = f"Set-up failed in step {number} of {len(steps)}: {step.title}"
            if isinstance(error, SetupError):
                raise SetupError(f"{place}\n{error}") from error
            told = f"{text}\n{error}"
            tail = "\n".join(f"    {line}" for line in told.strip().splitlines()[-15:])
            advice = next(
                (help_ for seen, help_ in SYMPTOMS if re.search(seen, told)), step.advice
            )
            raise SetupError(
                f"{place}\nThe end of {log}:\n{tail}\n\nWhat to do: {advice}"
            ) from error
        seconds[step.title] = time.monotonic() - start
        print(f"done in {seconds[step.title]:.0f} s" + (f" ({note})" if note else ""), flush=True)
    return seconds


@contextlib.contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """Hold a lock file, so that two set-ups at the same time build one environment."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"Another set-up is at work ({lock}); waiting for it ...", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
