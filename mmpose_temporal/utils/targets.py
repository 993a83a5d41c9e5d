"""What is about to be written: never an input, never two results under one name."""

import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from .files import file_target
from .text import shown_name


def require_free(
    targets: Iterable[str | os.PathLike],
    *,
    overwrite: bool,
    inputs: Iterable[str | os.PathLike] = (),
) -> None:
    """Refuse to replace a file that the user has not told to replace, before any work is done.

    Args:
        targets: Files to be written.
        overwrite: They may exist.
        inputs: Files that are read, and are not replaced in any case.

    Raises:
        FileExistsError: A target exists and ``overwrite`` is not set.
        ValueError: A target is an input, or something else than a file.
    """
    targets = list(targets)
    refuse_inputs(targets, inputs)
    for target in targets:
        if os.path.lexists(target) and not overwrite:
            raise FileExistsError(f"{target} exists; pass --overwrite to replace it")


def refuse_inputs(
    targets: Iterable[str | os.PathLike], inputs: Iterable[str | os.PathLike]
) -> None:
    """Refuse to write a file that is read, under any name: behind a link too.

    Args:
        targets: Files to be written.
        inputs: Files that are read.

    Raises:
        ValueError: A target is an input, or is something else than a file.
    """
    paths, files = {}, {}
    for path in inputs:
        paths[os.path.realpath(path)] = path
        files |= dict.fromkeys(_identity(path), path)
    for target in targets:
        same = paths.get(str(file_target(target)))
        same = same or next((files[key] for key in _identity(target) if key in files), None)
        if same is not None:
            known = "" if os.fspath(same) == os.fspath(target) else f" ({same})"
            raise ValueError(
                f"{target} is an input{known}, and would be replaced: write somewhere else"
            )


def refuse_twins(names: Iterable[str], kind: str = "videos") -> None:
    """Refuse results of one name; names that differ in capitals only are one on many systems.

    Args:
        names: What the files would be called.
        kind: What they are.

    Raises:
        ValueError: Two names are the same.
    """
    seen: dict[str, str] = {}
    for name in names:
        key = unicodedata.normalize("NFC", name).casefold()
        other = seen.get(key)
        seen[key] = name
        if other is not None:
            differ = "" if other == name else ", which differ in capitals only"
            raise ValueError(
                f"two {kind} would be written to files of one name: {shown_name(other)} and "
                f"{shown_name(name)}{differ}: rename one"
            )


def _identity(path: str | os.PathLike) -> list[tuple[int, int]]:
    """Device and number of a file that is there; hard links share them."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return []
    return [(found.st_dev, found.st_ino)]
