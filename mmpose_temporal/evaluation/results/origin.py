"""Where figures come from: the program, its version, the command, the checkpoint, the data."""

import hashlib
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from mmpose_temporal.version import __version__

PACKAGE = Path(__file__).resolve().parents[2]
LIBRARIES = ("torch", "mmengine", "mmcv", "mmpose", "mmdet", "numpy")
BLOCK = 2**20


def software() -> dict[str, Any]:
    """Versions, and the git commit of the clone that the package runs from.

    Returns:
        ``mmpose_temporal``, ``commit`` (None: no clone, or no git), ``changed`` (files of the
        clone differ from the commit; None without one), ``python``, and each of
        :data:`LIBRARIES` that is installed.
    """
    commit, changed = git_commit(PACKAGE)
    found = dict(mmpose_temporal=__version__, commit=commit, changed=changed)
    found["python"] = platform.python_version()
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def git_commit(folder: Path) -> tuple[str | None, bool | None]:
    """The commit of the repository that tracks a folder, and whether files differ from it.

    Args:
        folder: A repository around it that does not track it (an environment inside another
            project) does not count.
    """

    def git(*arguments: str) -> str | None:
        command = ["git", "-C", str(folder), *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    if not git("ls-files", "."):
        return None, None
    commit, status = git("rev-parse", "HEAD"), git("status", "--porcelain", "-uno")
    return commit, None if commit is None or status is None else bool(status)


def file_hash(path: str | os.PathLike) -> str:
    """SHA-256 of a file, 64 hexadecimal digits; published checkpoints are named by the first 8."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def checkpoint_origin(checkpoint: str | os.PathLike | None) -> dict[str, Any] | None:
    """Path or address of a checkpoint, and its hash.

    The hash of an address is that of the copy that torch keeps; None if it keeps none.

    Raises:
        FileNotFoundError: No such file.
    """
    if checkpoint is None:
        return None
    name = os.fspath(checkpoint)
    path = Path(name).expanduser()
    if "://" in name:
        path = Path(torch.hub.get_dir(), "checkpoints", name.rpartition("/")[2])
        if not path.is_file():
            return dict(path=name, sha256=None)
    return dict(path=name, sha256=file_hash(path))


def run_origin(
    *,
    command: Sequence[str] | None = None,
    checkpoint: str | os.PathLike | None = None,
    config: Mapping[str, Any] | None = None,
    boxes: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What a metrics file records of the run, JSON-able.

    Args:
        command: The tool and its arguments. None: those of this process.
        checkpoint: What was tested.
        config: Its ``path`` and ``sha256``, and the ``thresholds`` of its model.
        boxes: Where the people's boxes come from, ``source`` and details. None: not known.
        data: ``annotations`` and what else says which data they are.
    """
    return dict(
        date=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        command=shlex.join(sys.argv if command is None else command),
        software=software(),
        checkpoint=checkpoint_origin(checkpoint),
        config=None if config is None else dict(config),
        boxes=dict(source=None) if boxes is None else dict(boxes),
        data={} if data is None else dict(data),
    )
