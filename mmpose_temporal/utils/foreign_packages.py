"""Packages that a config takes parts of by a prefix, such as ``mmpretrain.VisionTransformer``."""

import importlib
import importlib.util
from collections.abc import Iterator, Mapping
from typing import Any

FIXES = {
    "mmpretrain": "python -m pip install --no-deps mmpretrain==1.2.0, and python -m pip install "
    "einops mat4py model-index importlib-metadata",
}
"""What makes a package importable beside mmpose 1.3 (tried with mmpretrain 1.2.0 and torch 2.12:
it imports importlib_metadata without requiring it)."""


def require_packages(config: Any) -> None:
    """Import the packages whose parts a config names.

    mmengine's registries pass over a package that is not there or does not import, and say only
    that they do not know the part. mmpose's ViTPose has its backbone from mmpretrain.

    Args:
        config: Of a model, or anything inside one.

    Raises:
        ImportError: A package is missing or does not import; the text has the part, the reason
            and what to do.
    """
    for name in sorted(set(_types(config))):
        package = name.partition(".")[0]
        try:
            importlib.import_module(package)
            if importlib.util.find_spec(f"{package}.models") is not None:
                importlib.import_module(f"{package}.models")
        except Exception as error:  # a package that is there may fail in any way
            reason = " ".join(str(error).split())
            fix = FIXES.get(package, f"install {package}")
            raise ImportError(
                f"{name} needs the package {package}, which does not import "
                f"({type(error).__name__}: {reason}). To fix it: {fix}"
            ) from error


def _types(config: Any) -> Iterator[str]:
    """The types with a prefix, and mmengine's own kind of scope, ``_scope_``."""
    if isinstance(config, Mapping):
        kind, scope = config.get("type"), config.get("_scope_")
        if isinstance(kind, str) and "." in kind:
            yield kind
        elif isinstance(kind, str) and isinstance(scope, str):
            yield f"{scope}.{kind}"
        config = config.values()
    elif not isinstance(config, list | tuple):
        return
    for value in config:
        yield from _types(value)
