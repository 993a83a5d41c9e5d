"""Reading checkpoints: what is none is refused in one line that names the file.

mmengine's loader is asked by all who read checkpoints: its runner (``load_from``, ``--resume``),
``init_cfg=dict(type='Pretrained')``, mmpose's ``init_model``, and this package. So the checks are
registered there, by mmengine's own ``CheckpointLoader.register_scheme``.
"""

import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import torch
from mmengine.runner import checkpoint as mmengine_checkpoint
from mmengine.runner.checkpoint import CheckpointLoader

from .checkpoints import CheckpointMismatch, check_weights, reason
from .foreign_files import describe_foreign, read_head

AGAIN = "get it again"


def register_checkpoint_loaders() -> None:
    """Let mmengine read checkpoints with the checks of this module.

    The loaders themselves are mmengine's, for files, ``http(s)://``, ``torchvision://``,
    ``open-mmlab://`` and ``mmcls://``; its others stay as they are.
    """
    for prefixes, load in (
        ("", mmengine_checkpoint.load_from_local),
        (("http://", "https://"), mmengine_checkpoint.load_from_http),
        (("modelzoo://", "torchvision://"), mmengine_checkpoint.load_from_torchvision),
        (("open-mmlab://", "openmmlab://"), mmengine_checkpoint.load_from_openmmlab),
        ("mmcls://", mmengine_checkpoint.load_from_mmcls),
    ):
        CheckpointLoader.register_scheme(prefixes, _checked(load), force=True)


def read_plain(source: str | os.PathLike) -> Mapping[str, Any]:
    """Read a checkpoint of tensors and plain types, whatever torch's default is.

    Args:
        source: A file, or an address that begins with ``http://`` or ``https://``.

    Raises:
        FileNotFoundError: No such file.
        ConnectionError: It cannot be fetched.
        ValueError: It is no checkpoint, or holds no weights, other types, or NaN.
    """
    source = os.fspath(source)
    if urlparse(source).scheme in ("http", "https"):
        load = torch.hub.load_state_dict_from_url
    else:
        source, load = os.path.expanduser(source), torch.load
    return _load(source, lambda: load(source, map_location="cpu", weights_only=True))


def _checked(load: Callable) -> Callable:
    """A loader of mmengine's that reports errors as :func:`read_plain` does."""

    def checked(filename: str, map_location: Any = None) -> Any:
        return _load(filename, lambda: load(filename, map_location))

    checked.__name__ = load.__name__  # mmengine's log names the loader by it
    return checked


def _load(source: str, load: Callable[[], Any]) -> Any:
    remote = "://" in source
    if not remote:
        refuse_other_files(source)
    try:
        content = load()
    except (OSError, HTTPException) as error:
        if not remote:
            raise
        raise ConnectionError(
            f"{source} cannot be fetched ({error}): look at the address and the connection, or "
            "fetch it elsewhere and name the file"
        ) from None
    except (MemoryError, torch.cuda.OutOfMemoryError):
        raise
    except Exception as error:  # what torch raises on damaged files is of any kind
        if remote:
            raise ValueError(_why_not_fetched(source, error)) from None
        # Not chained: torch's text advises to turn the check of types off
        raise ValueError(f"{source} {_why_unreadable(Path(source), error)}") from None
    check_weights(content, source)
    return content


def refuse_other_files(source: str | os.PathLike) -> None:
    """Refuse what can be seen without torch to be no checkpoint.

    Raises:
        FileNotFoundError: No such file.
        ValueError: It is a folder, empty, a Git LFS pointer, a web page, JSON or other text.
    """
    path = Path(source).expanduser()
    if path.is_dir():
        raise ValueError(f"{source} is a folder, no checkpoint: name the .pth file in it")
    if not path.exists():
        raise FileNotFoundError(f"checkpoint {source} does not exist")
    foreign = describe_foreign(read_head(path))
    if foreign is not None:
        raise ValueError(f"{source} is no checkpoint: it {foreign}")


@contextmanager
def reading_checkpoint(checkpoint: str | os.PathLike) -> Iterator[None]:
    """Name the file of a checkpoint that does not fit the model it is loaded into.

    Raises:
        CheckpointMismatch: With the name of the file.
    """
    try:
        yield
    except CheckpointMismatch as error:
        if str(checkpoint) in str(error):
            raise
        raise CheckpointMismatch(f"{checkpoint}: {error}") from error


def _why_unreadable(path: Path, error: Exception) -> str:
    """What is wrong with a file that torch did not read, as the end of a sentence."""
    text = " ".join(str(error).split())
    path = path.expanduser()
    names = _names_in_zip(path)
    if names is not None:
        if not any(name.endswith("data.pkl") for name in names):
            return (
                f"is no checkpoint: it is a zip archive of {len(names)} files without torch's "
                "data.pkl; if a checkpoint is inside, unpack it and name that file"
            )
        if "TorchScript" in text:
            return "is no checkpoint of tensors: it is a TorchScript archive, which is a program"
    elif read_head(path).startswith(b"PK"):
        return f"is no whole checkpoint: it is cut off or damaged; {AGAIN}"
    if "GLOBAL" in text:
        return (
            f"is no checkpoint of tensors: {reason(error)}. Ask its author for a file of tensors"
        )
    said = reason(error) if text else "it ends too early"
    return f"is no checkpoint of tensors: {said}; it is damaged or another kind of file, {AGAIN}"


def _names_in_zip(path: Path) -> list[str] | None:
    """None: it is no zip archive, or a damaged one."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except Exception:  # of any kind, where bytes are wrong
        return None


def _why_not_fetched(source: str, error: Exception) -> str:
    name = Path(urlparse(source).path).name
    kept = Path(torch.hub.get_dir(), "checkpoints", name)
    if not name or not kept.is_file():
        return f"{source} cannot be read: {reason(error)}"
    foreign = describe_foreign(read_head(kept))
    what = f"is no checkpoint: it {foreign}" if foreign else _why_unreadable(kept, error)
    return f"{source}: what was fetched, {kept}, {what}. Remove that file first"
