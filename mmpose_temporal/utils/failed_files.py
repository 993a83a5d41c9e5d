"""A run over a folder goes on after a file that cannot be used, and says so at its end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

SHOWN = 10
"""Files that a summary names; the others are counted."""


@dataclass
class FailedFiles:
    """The files that a run left out because they are broken or empty.

    Attributes:
        errors: File -> what was raised for it.
    """

    errors: dict[Path, Exception] = field(default_factory=dict)

    def attempt(
        self,
        path: Path,
        use: Callable[[], T],
        *,
        kinds: tuple[type[Exception], ...] = (ValueError, OSError),
    ) -> T | None:
        """What ``use`` returns; None if it raises an error of the input, which is kept.

        A ``ValueError`` that names neither the file nor another one of its folder is kept with
        the file's name before it.

        Args:
            path: The file that is used.
            use: What may fail. Not None is success.
            kinds: Errors that are of the input. For what writes, ValueError alone: a full disk
                ends a run.
        """
        try:
            return use()
        except kinds as error:
            self.errors[path] = _naming(error, path)
            return None

    def __len__(self) -> int:
        return len(self.errors)

    def require_others(self, total: int) -> None:
        """Raise if nothing is left of a run.

        Args:
            total: How many files there were.

        Raises:
            ValueError, OSError: All failed: the error of the only file, or one that names the
                first of several.
        """
        if not self.errors or len(self.errors) < total:
            return
        first = next(iter(self.errors.values()))
        if total == 1:
            raise first
        raise ValueError(f"none of the {total} files can be used; the first: {first}") from first

    def lines(self, done: str) -> list[str]:
        """A summary for the end of a run, empty if nothing failed.

        Args:
            done: What did not happen to the files: ``converted``.
        """
        reasons = [" ".join(_text(error).split()) for error in self.errors.values()]
        lines = [f"not {done}, as they cannot be used: {len(reasons)} files"] if reasons else []
        lines += [f"    {reason}" for reason in reasons[:SHOWN]]
        if len(reasons) > SHOWN:
            lines.append(f"    and {len(reasons) - SHOWN} more")
        return lines


def _text(error: Exception) -> str:
    """As the tools say it: an error of the system without its number."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _naming(error: Exception, path: Path) -> Exception:
    text = str(error)
    if not isinstance(error, ValueError) or path.name in text or f"{path.parent}/" in text:
        return error
    named = ValueError(f"{path}: {text}")
    named.__cause__ = error
    return named
