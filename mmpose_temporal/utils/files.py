"""Files that are whole or absent, and paths that stay inside their root.

A file is written under a temporary name beside it, ``.<name>.tmp``, and renamed when it is whole.
The temporary file is locked as long as it is written, so what a killed run left behind is known by
having no lock: the next write of the same file removes it, and no reader takes it for input
(:mod:`.listing`). Choices: a link is followed, as by ``open``, and an existing file keeps its
permissions; what is no plain file (a folder, a device such as ``/dev/null``, a pipe, a socket) is
refused, since it cannot be replaced by a whole file.
"""

import json
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

try:
    import fcntl
except ImportError:  # Windows: leftovers are not removed there
    fcntl = None

LONGEST_STEM = 200
"""Bytes of a name that a temporary name repeats; file systems have room for 255."""

_SPECIAL = ("/dev/", "/proc/", "/sys/")
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (lambda mode: stat.S_ISCHR(mode) or stat.S_ISBLK(mode), "a device"),
)


@contextmanager
def atomic_write(path: str | os.PathLike, mode: str = "w") -> Iterator[IO]:
    """Open a temporary file next to ``path`` and rename it to ``path`` on success.

    A reader sees the old file or the whole new one, never a part. If the body raises, the
    temporary file is removed and ``path`` is left as it was.

    Args:
        path: Target file. Missing parent folders are made.
        mode: ``'w'`` (UTF-8 text) or ``'wb'``.

    Yields:
        The open file.

    Raises:
        ValueError: ``mode`` is neither ``'w'`` nor ``'wb'``, or ``path`` is something else than a
            file.
    """
    if mode not in ("w", "wb"):
        raise ValueError(
            f"atomic_write writes whole files: mode must be 'w' or 'wb', got {mode!r}"
        )
    target = file_target(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = _open_temporary(target)
    try:
        with os.fdopen(descriptor, mode, encoding=None if "b" in mode else "utf-8") as file:
            yield file
            file.flush()
            if fcntl is not None:
                replace_file(temporary, target)  # while it is locked
        if fcntl is None:
            replace_file(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def file_target(path: str | os.PathLike) -> Path:
    """Where a file of this name is written: links are followed.

    Raises:
        ValueError: It is something else than a file, see the module.
    """
    real = Path(os.path.realpath(path))
    if _is_special(os.fspath(path)) or _is_special(str(real)):
        raise ValueError(f"{path} is a device or a part of the system: name a file")
    try:
        mode = real.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return real
    for is_kind, kind in _KINDS:
        if is_kind(mode):
            raise ValueError(f"{path} is {kind}, which a file cannot replace: name a file")
    return real


def _is_special(path: str) -> bool:
    return path.startswith(_SPECIAL) and not path.startswith("/dev/shm/")


def replace_file(temporary: str | os.PathLike, path: str | os.PathLike) -> None:
    """Rename a whole file to its name; one that is there keeps its permissions.

    Raises:
        ValueError: ``path`` is something else than a file.
    """
    target = file_target(path)
    with suppress(FileNotFoundError, PermissionError):  # new; or of another user
        os.chmod(temporary, target.stat().st_mode & 0o777)
    os.replace(temporary, target)


def _open_temporary(target: Path) -> tuple[int, Path]:
    """A new, locked temporary file, with the permissions of new files."""
    stem = os.fsdecode(os.fsencode(target.name)[:LONGEST_STEM])
    name = target.with_name(f".{stem}.tmp")
    while True:
        remove_leftover(name)
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            descriptor = os.open(name, flags, 0o666)
        except FileExistsError:  # another process writes this file now, or locks do not work here
            name = target.with_name(f".{stem}.{secrets.token_hex(4)}.tmp")
            continue
        lock(descriptor)
        if is_same_file(descriptor, name):
            return descriptor, name
        os.close(descriptor)  # between open and lock it was taken for a leftover


def lock(descriptor: int) -> bool:
    """Lock an open file or folder; False if another process has it, or locks do not work here."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_same_file(descriptor: int, path: Path) -> bool:
    """Whether an open file or folder is still what is found under its name."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False


def remove_leftover(path: Path) -> None:
    """Remove a temporary file that nobody writes."""
    if fcntl is None:
        return
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
            if is_file and lock(descriptor) and is_same_file(descriptor, path):
                path.unlink()
        finally:
            os.close(descriptor)


def write_json(
    path: str | os.PathLike, obj: Any, *, overwrite: bool = True, allow_nan: bool = False
) -> None:
    """Write ``obj`` as compact JSON, atomically.

    Args:
        path: Target file. Missing parent folders are made.
        obj: What is written.
        overwrite: Replace a file that is there. False: one that holds the same stays, another one
            is an error, so that a run which was cut off can be started again.
        allow_nan: Write NaN and infinity as Python does, for files that had them before.

    Raises:
        ValueError: ``obj`` holds NaN or infinity, which JSON does not have, without ``allow_nan``.
        FileExistsError: ``path`` has other content and ``overwrite`` is not set.
    """
    if not overwrite and os.path.lexists(path):
        text = json.dumps(obj, allow_nan=allow_nan, separators=(",", ":"))
        if not os.path.isfile(path) or Path(path).read_bytes() != text.encode():
            raise FileExistsError(
                f"{path} exists with other content; pass --overwrite to replace it"
            )
        return
    with atomic_write(path) as file:
        json.dump(obj, file, allow_nan=allow_nan, separators=(",", ":"))


def safe_join(root: str | os.PathLike, relative: str) -> Path:
    """Join a path that comes from a data file to its root.

    Args:
        root: Folder that the result must stay in.
        relative: Path as read from a file.

    Returns:
        ``root / relative``, not resolved (links that the owner of ``root`` made inside it are
        the owner's business).

    Raises:
        ValueError: ``relative`` is empty, absolute, or climbs out of ``root``.
    """
    normal = os.path.normpath(relative.replace("\\", "/")) if relative else ""
    if not normal or os.path.isabs(normal) or normal == ".." or normal.startswith("../"):
        raise ValueError(
            f"path {relative!r} in a data file leaves the data root {os.fspath(root)!r}"
        )
    return Path(root) / normal
