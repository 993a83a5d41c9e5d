"""Files that are whole or absent, and paths that stay inside their root."""

import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any


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
        ValueError: ``mode`` is neither ``'w'`` nor ``'wb'``.
    """
    if mode not in ("w", "wb"):
        raise ValueError(
            f"atomic_write writes whole files: mode must be 'w' or 'wb', got {mode!r}"
        )
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(
        prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent
    )
    try:
        with os.fdopen(descriptor, mode, encoding=None if "b" in mode else "utf-8") as file:
            yield file
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # mkstemp makes it private; use the usual permissions
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_json(path: str | os.PathLike, obj: Any) -> None:
    """Write ``obj`` as compact JSON, atomically.

    Raises:
        ValueError: ``obj`` holds NaN or infinity, which JSON does not have.
    """
    with atomic_write(path) as file:
        json.dump(obj, file, allow_nan=False, separators=(",", ":"))


def require_free(targets: Iterable[str | os.PathLike], *, overwrite: bool) -> None:
    """Refuse to replace a file that the user has not told to replace, before any work is done.

    Raises:
        FileExistsError: A target exists and ``overwrite`` is not set.
    """
    for target in targets:
        if os.path.lexists(target) and not overwrite:
            raise FileExistsError(f"{target} exists; pass --overwrite to replace it")


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
