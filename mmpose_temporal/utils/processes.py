"""Processes that work for another one."""

import multiprocessing
import os
import threading


def end_with_parent() -> None:
    """End this process when its parent is gone, as when that was killed.

    For the workers of a pool: else they wait for work for ever, or go on writing.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_wait, args=(parent,), daemon=True).start()


def _wait(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)
