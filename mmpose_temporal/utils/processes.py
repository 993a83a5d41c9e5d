"""Processes that work for another one."""

import multiprocessing
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PATIENCE = 5.0
"""Seconds that an interrupted program has to end by itself, before it is interrupted (again)."""


def start_worker() -> None:
    """What a worker process of a pool begins with.

    Ctrl-C goes to all processes of a terminal: the parent says so and ends the pool, and its
    workers are silent. If the parent is killed, they end with it; else they would wait for work
    for ever, or go on writing.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_wait, args=(parent,), daemon=True).start()


def _wait(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)


def run_program(
    command: Sequence[str],
    log: Path,
    *,
    cwd: str | os.PathLike | None = None,
    env: Mapping[str, str] | None = None,
    waiting: Callable[[], None] = lambda: None,
) -> int:
    """Run a program with its output in a log.

    Args:
        command: The program and its arguments.
        log: The file, replaced.
        cwd: Folder that it runs in.
        env: Its environment; None: that of this process.
        waiting: Called about once a second.

    Returns:
        Its exit status.

    Raises:
        KeyboardInterrupt: This process or the program was interrupted; the program has ended.
    """
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdout=file, stderr=subprocess.STDOUT
        )
        try:
            while True:
                try:
                    status = process.wait(1)
                    break
                except subprocess.TimeoutExpired:
                    waiting()
        except BaseException:
            _end(process)
            raise
    if status in (130, -signal.SIGINT):
        raise KeyboardInterrupt
    return status


def _end(process: subprocess.Popen) -> None:
    """Wait for a program that Ctrl-C has reached too, or interrupt it, or kill it."""
    for stop in (lambda: process.send_signal(signal.SIGINT), process.kill, lambda: None):
        try:
            process.wait(PATIENCE)
            return
        except subprocess.TimeoutExpired:
            stop()
