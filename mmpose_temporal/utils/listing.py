"""Which files of a folder are input: one rule for all tools and data sets.

Input are visible, finished files. Left out are names that begin with a dot (hidden files, and what
a file system or an editor puts beside others, as ``._000001.jpg``), names that end in ``~``, and
what a run of this package that was killed leaves behind: ``*.tmp``, ``*.partial`` and
``*.partial.*``. What is left out is said in the log, once for each folder.
"""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .warn_once import log_once

_LEFT_OUT = re.compile(r"^\.|~$|.\.(tmp|partial)$|.\.partial\.[^.]+$", re.IGNORECASE)


def natural_key(text: str) -> tuple[list[tuple[int, str]], str]:
    """Sort key that takes numbers by their value: 2 comes before 10.

    Names that differ in leading zeros only follow each other in a fixed order.
    """
    parts = re.split(r"([0-9]+)", text)
    key = [
        (len(part.lstrip("0")), part.lstrip("0")) if index % 2 else (0, part)
        for index, part in enumerate(parts)
    ]
    return key, text


def is_input(name: str) -> bool:
    """Whether a file or folder of this name is taken for input, see the module."""
    return not _LEFT_OUT.search(name)


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a folder.

    Attributes:
        files: Input, in natural order of their names.
        left_out: Files that would be input but for their names.
        others: Files that are something else by their content, and what they are.
    """

    files: list[Path] = field(default_factory=list)
    left_out: list[Path] = field(default_factory=list)
    others: dict[Path, str] = field(default_factory=dict)

    @property
    def reasons(self) -> list[str]:
        """A line for each file that is left out: its name, and why."""
        lines = [f"{path.name}: a hidden or unfinished file" for path in self.left_out]
        return lines + [f"{path.name}: {what}" for path, what in self.others.items()]


def _may_be_file(path: Path) -> bool:
    """A file; or a link that leads nowhere, which is no input, but whoever opens it says so."""
    return path.is_file() or (path.is_symlink() and not os.path.exists(path))


def list_inputs(
    folder: str | Path, suffixes: Sequence[str], *, recursive: bool = False
) -> Listing:
    """The files of a folder with certain endings, in capitals or not, in natural order.

    Args:
        folder: Where to look.
        suffixes: Endings in small letters, each with its dot.
        recursive: Look into the folders below as well; links to folders are not followed, and
            folders that are not input (hidden ones) are left out with all their files.

    A link that leads nowhere is listed, so that it is not passed over without a word: opening it
    is an error.

    Returns:
        What is input, and what is left out because of its name; the latter is logged.

    Raises:
        NotADirectoryError, FileNotFoundError: ``folder`` is none.
    """
    folder = Path(folder)
    paths: Iterable[Path] = folder.rglob("*") if recursive else folder.iterdir()
    listing = Listing()
    for path in paths:
        inside = path.relative_to(folder).parts
        ending = re.sub(r"(\.tmp|\.partial|~)+$", "", path.name.lower())
        if ending.endswith(tuple(suffixes)) and _may_be_file(path):
            kept = path.suffix.lower() in suffixes and all(map(is_input, inside))
            (listing.files if kept else listing.left_out).append(path)
    for files in (listing.files, listing.left_out):
        files.sort(key=lambda path: [natural_key(part) for part in path.parts])
    if listing.left_out:
        names = ", ".join(path.relative_to(folder).as_posix() for path in listing.left_out[:3])
        log_once(
            f"{folder}: {len(listing.left_out)} hidden or unfinished files are left out ({names}"
            f"{', ...' * (len(listing.left_out) > 3)})"
        )
    return listing
