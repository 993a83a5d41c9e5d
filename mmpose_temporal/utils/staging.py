"""Folders of results that appear when the last file is whole."""

import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .files import fcntl, file_target, is_same_file, lock, replace_file
from .targets import refuse_twins


@contextmanager
def staged_folder(out: str | os.PathLike, names: Sequence[str]) -> Iterator[Path]:
    """A folder to write into; its files go to ``out`` if the body succeeds.

    If ``out`` does not exist, it appears at once with all files. If it exists, the files are moved
    into it one by one, each of them whole, and its other files stay. A folder that a killed run
    left behind is removed by the next run into the same ``out``, and no reader takes it for input.

    Args:
        out: The folder.
        names: Of the files that will be written.

    Yields:
        The folder to write into.

    Raises:
        NotADirectoryError: ``out`` is a file.
        ValueError: ``out`` has something else than a file under a name, or two names are one on
            many systems.
    """
    target = Path(os.path.realpath(out))
    if target.exists() and not target.is_dir():
        raise NotADirectoryError(f"{out} is a file; name a folder")
    refuse_twins(names, "results")
    for name in names:
        file_target(target / name)
    inside, moved = target.is_dir(), False
    places = target.with_name(f".{target.name}.partial"), target / ".results.partial"
    for place in places:
        remove_left_folder(place)
    stage, descriptor = claim_folder(places[inside])
    try:
        yield stage
        if inside:
            for file in sorted(stage.iterdir()):
                replace_file(file, target / file.name)
        else:
            os.rename(stage, target)
            moved = True
    finally:
        if not moved:
            shutil.rmtree(stage, ignore_errors=True)
        if descriptor is not None:
            os.close(descriptor)


def claim_folder(path: Path, *, alone: bool = False) -> tuple[Path, int | None]:
    """A new folder of this name, locked as long as the descriptor is open.

    Args:
        path: The folder; one that a killed run left behind is removed. If another process is
            at work in it, the name gets a random part.
        alone: That is an error instead.

    Returns:
        The folder, and the descriptor to close, None where folders cannot be locked.

    Raises:
        FileExistsError: With ``alone``, another process is at work, or locks do not work here.
    """
    while True:
        remove_left_folder(path)
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            if alone:
                raise FileExistsError(f"{path} exists: another run is at work there") from None
            path = path.with_name(f"{path.stem}.{secrets.token_hex(4)}{path.suffix}")
            continue
        if fcntl is None:
            return path, None
        descriptor = os.open(path, os.O_RDONLY)
        lock(descriptor)
        if is_same_file(descriptor, path):
            return path, descriptor
        os.close(descriptor)


def remove_left_folder(path: Path) -> None:
    """Remove a folder that nobody works in any more."""
    if fcntl is None or path.is_symlink() or not path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if lock(descriptor) and is_same_file(descriptor, path):
            shutil.rmtree(path)
    finally:
        os.close(descriptor)
