"""Steps of a long computation: programs with logs, several at a time, in order of need."""

import os
import shlex
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from mmpose_temporal.utils.processes import run_program
from mmpose_temporal_cli import StepFailed

LAST_LINES = 25
"""Of the log of a program that failed."""


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a computation.

    Attributes:
        name: Its name, no other step's.
        work: Does it, or finds that it was done.
        needs: Names of the steps that must have been done before.
    """

    name: str
    work: Callable[[], None]
    needs: tuple[str, ...] = ()


class StepRunner:
    """Runs steps and their programs.

    Args:
        folder: Where programs run.
        jobs: Steps at a time. If there are several, each program gets one thread
            (``OMP_NUM_THREADS=1``); else it has as many as its libraries take.
        console: What is going on is printed there.

    Raises:
        ValueError: ``jobs`` is below 1.
    """

    def __init__(self, folder: Path, *, jobs: int = 1, console: Console | None = None):
        if jobs < 1:
            raise ValueError(f"jobs must be 1 or more, got {jobs}")
        self.folder, self.jobs, self.console = folder, jobs, console or Console()
        self._interrupted = threading.Event()

    def program(self, name: str, command: Sequence[str], log: Path) -> None:
        """Run a Python program with its output in a log; its last lines are shown if it fails.

        Args:
            name: What is printed of it.
            command: The script and its arguments.
            log: The file, replaced.

        Raises:
            StepFailed: Its exit status is not 0.
            KeyboardInterrupt: It was interrupted, or the whole computation was.
        """
        text = f"[bold]{name}[/bold]\n  {shlex.join(command)}"
        self.console.print(text, highlight=False, soft_wrap=True)
        log.parent.mkdir(parents=True, exist_ok=True)
        start = time.perf_counter()
        threads = {"OMP_NUM_THREADS": "1"} if self.jobs > 1 else {}
        status = run_program(
            [sys.executable, *command],
            log,
            cwd=self.folder,
            env={**os.environ, **threads},
            waiting=self._check,
        )
        if status:
            tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
            self.console.print("\n".join(tail), highlight=False, markup=False, soft_wrap=True)
            raise StepFailed(f"'{name}' failed (exit {status}); see {log}")
        seconds = time.perf_counter() - start
        self.console.print(f"  {name}: done in {seconds:.0f} s", highlight=False)

    def run(self, steps: Sequence[Step]) -> None:
        """Do all steps, of those that can begin the first ones first.

        After one that failed no other begins; those that are at work go on to their end, so that
        what they do is kept. An interrupt ends them.

        Raises:
            ValueError: A step needs one that is not there, itself, or one that needs it.
            Exception: What a step raised.
        """
        waiting, done = list(steps), set[str]()
        running: dict[Future, Step] = {}
        with ThreadPoolExecutor(self.jobs) as pool:
            try:
                while waiting or running:
                    ready = [step for step in waiting if done.issuperset(step.needs)]
                    for step in ready[: self.jobs - len(running)]:
                        waiting.remove(step)
                        running[pool.submit(step.work)] = step
                    if not running:
                        names = ", ".join(f"'{step.name}'" for step in waiting)
                        raise ValueError(f"steps that can never begin: {names}")
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        future.result()
                        done.add(running.pop(future).name)
            except KeyboardInterrupt:
                self._interrupted.set()
                raise

    def _check(self) -> None:
        if self._interrupted.is_set():
            raise KeyboardInterrupt
