"""Where configs are, and which files they are made of."""

import re
from pathlib import Path

from mmengine.config import Config

PACKAGE = Path(__file__).resolve().parents[1]


def config_files(*names: str) -> list[str]:
    """Paths of this project's configs, as the ``_base_`` of a config in any folder.

    mmengine evaluates ``_base_`` before it runs the rest of the file, so the package is imported
    in the expression itself::

        _base_ = __import__("mmpose_temporal").config_files("baselines/oks-tracker.py")

    This works with a wheel, an editable installation and a plain clone. mmengine's own
    ``package::path`` is closed to packages outside OpenMMLab, and finds no config in an editable
    installation. :func:`inheritance_hint` is what our tools say to who writes it.

    Args:
        names: Paths below ``configs/``, such as ``"_base_/models/track_entailment.py"``.

    Returns:
        An absolute path for each name.

    Raises:
        FileNotFoundError: No such config.
    """
    return [str(_find(name)) for name in names]


def _find(name: str) -> Path:
    for root in (PACKAGE / ".mim", PACKAGE.parent):  # installed; in a clone
        if (path := root / "configs" / name).is_file():
            return path
    raise FileNotFoundError(
        f"mmpose_temporal has no config {name!r}; give its path below configs/"
    )


_SCOPED = re.compile(r"mmpose_temporal::([\w./-]*)")
_LAZY = re.compile(r"^\s*(?:from|import)\s+mmpose_temporal\b", re.MULTILINE)


def inheritance_hint(path: str | Path) -> str | None:
    """What to write in a config that inherits from this project's in a way that mmengine refuses.

    Args:
        path: A config that mmengine could not read.

    Returns:
        One sentence; None: the file does nothing of that kind (its bases are not looked into).
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if scoped := _SCOPED.search(text):
        name = scoped[1].removeprefix("configs/") or "baselines/oks-tracker.py"
        what = f"mmengine opens 'package::path' for OpenMMLab's packages only, not {scoped[0]!r}"
    elif "read_base" in text and _LAZY.search(text):
        name = "baselines/oks-tracker.py"
        what = "mmpose_temporal's configs are no modules, so read_base() cannot import them"
    else:
        return None
    line = f'_base_ = __import__("mmpose_temporal").config_files("{name}")'
    if path.suffix != ".py":
        return (
            f"{what}; make it a .py config, since a {path.suffix} file cannot ask for it: {line}"
        )
    return f"{what}; write {line}"


def base_files(path: str | Path) -> list[tuple[int, Path]]:
    """A config and every file that it is made of, each with its level.

    The config has level 1, its bases 2, and so on; ``mmpose::`` bases count like all others.

    Raises:
        OSError: A file is missing.
        ValueError: A base names a package that mmengine does not know.
    """
    found = []

    def add(file: Path, level: int) -> None:
        found.append((level, file))
        # mmengine has no public way to ask for this
        for base in Config._get_base_files(str(file)):
            try:
                below, _ = Config._get_cfg_path(base, str(file))
            except AssertionError as error:
                raise ValueError(f"{file}: {inheritance_hint(file) or error}") from None
            add(Path(below).resolve(), level + 1)

    add(Path(path).resolve(), 1)
    return found
