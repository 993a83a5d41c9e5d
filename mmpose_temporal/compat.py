"""What is checked and prepared when the package is imported.

Say clearly which installed library does not fit (`check_versions`), let torch's
safe loader read mmengine's own checkpoints (`allow_checkpoint_types`), build parts without the
import of mmdet (`with_classes`), and keep a warning quiet that is none of the user's
(`import_pkg_resources`).
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

#: The mmcv built from source is slow and easy to get wrong, so every message about it says how.
_MMCV_COMMAND = (
    "python -m pip install ninja wheel 'setuptools<81' && MMCV_WITH_OPS=1 python -m pip install "
    "--no-build-isolation --no-cache-dir --no-deps mmcv==2.1.0"
)
_MMCV_NOTE = (
    "with torch installed first; for torch 2.14, which needs C++20, README.md says what to change"
)


@dataclass(frozen=True)
class Requirement:
    """A library that must be there: `minimum` <= version < `below` (no upper limit if None).

    `command` installs a version that fits; `note` says what else there is to know about it.
    """

    name: str
    minimum: str
    below: str | None
    command: str
    note: str = ""

    @property
    def fix(self) -> str:
        """The command and the note."""
        return f"{self.command} ({self.note})" if self.note else self.command

    @property
    def range(self) -> str:
        """The accepted versions as pip writes them, for example `mmcv>=2.0.0,<2.2.0`."""
        return f"{self.name}>={self.minimum}" + (f",<{self.below}" if self.below else "")


REQUIREMENTS = (
    Requirement("torch", "2.1", None, "python -m pip install torch torchvision"),
    # 0.10.5: from there on the test loop takes the losses off the end of a model's outputs, on
    # which trackers rely whose frames are finished late (see the trackers' test_step)
    Requirement("mmengine", "0.10.5", "1.0.0", "python -m pip install mmengine==0.10.7"),
    Requirement("mmcv", "2.0.0", "2.2.0", _MMCV_COMMAND, _MMCV_NOTE),
    Requirement(
        "mmpose",
        "1.3.0",
        "2.0.0",
        "python -m pip install --no-deps mmpose==1.3.2",
        "its requirement chumpy cannot be built and nothing here uses it",
    ),
)


def _release(version: str) -> tuple[int, ...]:
    """Numbers of a version without pre-release and local parts: `2.2.0rc1+cpu` -> (2, 2, 0)."""
    from packaging.version import Version

    release = Version(version).release
    return release + (0,) * (3 - len(release))


def check_requirement(requirement: Requirement) -> ModuleType:
    """Import a required library and compare its version with the range that is supported.

    Returns:
        The imported module.

    Raises:
        ImportError: If the library is missing, breaks on import or is outside the range; the
            text names what is installed, what is needed and the command that puts it right.
    """
    need = f"mmpose_temporal needs {requirement.range}"
    fix = f"To fix it: {requirement.fix}"
    try:
        module = importlib.import_module(requirement.name)
    except ModuleNotFoundError as error:
        if error.name != requirement.name:  # there, but one of its own needs is not
            raise ImportError(
                f"{need}, which is installed but does not import: {error}. Install {error.name}."
            ) from error
        raise ImportError(f"{need}, which is not installed. {fix}") from error
    except Exception as error:
        raise ImportError(f"{need}, which fails to import: {error}. {fix}") from error
    if not hasattr(module, "__version__"):  # Python imports any folder of that name as empty
        folder = next(iter(getattr(module, "__path__", ())), "a module")
        raise ImportError(
            f"{need}, which is not installed; what is imported in its place is {folder}, which is "
            f"not that package. Run Python in another folder. {fix}"
        )
    found = _release(module.__version__)
    too_old = found < _release(requirement.minimum)
    too_new = requirement.below is not None and found >= _release(requirement.below)
    if too_old or too_new:
        raise ImportError(
            f"{need}, but {requirement.name} {module.__version__} is installed. {fix}"
        )
    return module


def check_mmcv_ops() -> None:
    """Check that mmcv has its compiled operators, which mmcv-lite and a faulty build lack.

    Raises:
        ImportError: If the extension is missing or was built against another torch.
    """
    try:
        importlib.import_module("mmcv._ext")
    except ModuleNotFoundError as error:
        raise ImportError(
            "the installed mmcv has no compiled operators (it is mmcv-lite, or it was built where "
            "torch could not be imported), and mmpose_temporal needs them. To fix it: python -m "
            f"pip uninstall -y mmcv-lite mmcv, then {_MMCV_COMMAND} ({_MMCV_NOTE})"
        ) from error
    except ImportError as error:
        import torch

        raise ImportError(
            f"mmcv's compiled operators do not load with torch {torch.__version__}, most likely "
            f"because they were built against another torch: {error}. To fix it: python -m pip "
            f"uninstall -y mmcv, then {_MMCV_COMMAND} ({_MMCV_NOTE})"
        ) from error


def check_installed() -> None:
    """Name all missing libraries at once: pip does not install OpenMMLab's with this package.

    Raises:
        ImportError: If several are missing; the text ends with one line that installs them all.
    """
    # a spec without origin is a folder of that name, which Python would import as empty
    found = {item: importlib.util.find_spec(item.name) for item in REQUIREMENTS}
    missing = [item for item, spec in found.items() if spec is None or spec.origin is None]
    if len(missing) > 1:
        notes = "; ".join(f"{item.name}: {item.note}" for item in missing if item.note)
        raise ImportError(
            "mmpose_temporal needs libraries that are not installed: "
            f"{' '.join(item.range for item in missing)}. To install them: "
            f"{' && '.join(item.command for item in missing)}" + (f" ({notes})" if notes else "")
        )


def check_versions() -> None:
    """Check every library of `REQUIREMENTS` and mmcv's operators; mmdet may be absent.

    Raises:
        ImportError: For all libraries that are missing, else for the first that does not fit.
    """
    check_installed()
    for requirement in REQUIREMENTS:
        check_requirement(requirement)
        if requirement.name == "mmcv":
            check_mmcv_ops()


def import_pkg_resources() -> None:
    """Import pkg_resources before mmpose does, without its notice of deprecation.

    `mmpose.apis` calls mmengine's `get_installed_path`, which imports it, and setuptools 80.9 and
    later warn of that in every run, although only mmengine can change it. A module warns once, so
    no filter stays behind. Setuptools 82 has no pkg_resources; what mmengine says then is right.
    """
    with warnings.catch_warnings(), contextlib.suppress(ImportError):
        warnings.filterwarnings("ignore", "pkg_resources is deprecated", UserWarning)
        importlib.import_module("pkg_resources")


def mmpose_networks_available() -> bool:
    """Whether `mmpose.models`, `mmpose.visualization` and `mmpose.apis` can be imported.

    In mmpose 1.3 they import mmdet, whatever they are used for; its registries, data sets,
    codecs, structures and metrics do not. So parts that build on mmpose's networks or
    visualizers are left out where mmdet is absent, and trackers, metrics and tools that need no
    network work all the same.
    """
    return importlib.util.find_spec("mmdet") is not None


#: What a checkpoint may ask `getattr` for: HistoryBuffer pickles its statistics by name.
_HISTORY_BUFFER_METHODS = ("min", "max", "current", "mean")


def history_buffer_getattr(owner: object, name: str) -> Callable:
    """Stand in for `builtins.getattr` while a checkpoint is read.

    The real one must never be open to a file that a stranger wrote: from any allowed class it
    leads to every function of the interpreter. This one knows four answers.

    Args:
        owner: `mmengine.logging.HistoryBuffer` itself.
        name: One of its statistics: min, max, current or mean.

    Raises:
        AttributeError: If anything else is asked for.
    """
    from mmengine.logging import HistoryBuffer

    if owner is HistoryBuffer and type(name) is str and name in _HISTORY_BUFFER_METHODS:
        return vars(HistoryBuffer)[name]
    raise AttributeError(
        f"a checkpoint asked for attribute {name!r} of {owner!r}; only the statistics "
        f"{', '.join(_HISTORY_BUFFER_METHODS)} of HistoryBuffer are given out. Do not load this "
        "file unless you know who wrote it."
    )


def checkpoint_types() -> list[Callable | tuple[Callable, str]]:
    """Everything that mmengine's training checkpoints hold and torch does not allow by itself.

    Numpy's two constructors are listed under the module names of numpy 1 and of numpy 2, so
    that either numpy reads the other's checkpoints. Of the dtypes, object and void are left
    out: no checkpoint needs them, and without them an array holds plain values only.

    Returns:
        Items as `torch.serialization.add_safe_globals` takes them: classes, and pairs of a
        function and the name it has in the file.
    """
    import numpy as np
    from mmengine.logging import HistoryBuffer

    reconstruct = np.empty(0).__reduce__()[0]
    scalar = np.float64(0).__reduce__()[0]
    codes = sorted(set(np.typecodes["All"]) - set("OV"))
    dtypes = dict.fromkeys(type(np.dtype(code)) for code in codes)
    return [
        HistoryBuffer,
        (history_buffer_getattr, "builtins.getattr"),
        np.ndarray,
        np.dtype,
        *dtypes,
        *(
            (function, f"{module}.{function.__name__}")
            for module in ("numpy.core.multiarray", "numpy._core.multiarray")
            for function in (reconstruct, scalar)
        ),
    ]


def allow_checkpoint_types() -> bool:
    """Let torch's safe loader (`weights_only=True`) read the checkpoints that mmengine writes.

    mmengine calls `torch.load` without `weights_only`, so torch decides: from 2.6 on it reads
    only types that are known to be harmless, and this function names those that mmengine adds.
    Before 2.6 torch reads checkpoints with the full pickle machinery, which runs whatever code
    the file holds; there is nothing to allow, nothing is changed, and only files from people
    you trust should be loaded. A statistic of your own (`HistoryBuffer.register_statistics`)
    has to be allowed by you, with `torch.serialization.add_safe_globals`.

    Returns:
        True if the types were allowed, False if this torch does not ask for it.
    """
    import torch

    if _release(torch.__version__) < (2, 6, 0):
        return False
    torch.serialization.add_safe_globals(checkpoint_types())
    return True


def with_classes(config: Any) -> Any:
    """Name the registered parts by their classes.

    Looking a name up makes mmpose's registry import all networks of mmpose, and those import
    mmdet, which tracking known poses does not need.

    Args:
        config: A config of parts with a ``type``, or anything inside one.

    Returns:
        A copy, with the classes that mmpose's MODELS and TASK_UTILS know by these names.
    """
    from mmpose.registry import MODELS, TASK_UTILS

    if isinstance(config, dict):
        config = {key: with_classes(value) for key, value in config.items()}
        if isinstance(config.get("type"), str):
            known = MODELS.module_dict.get(config["type"])
            config["type"] = known or TASK_UTILS.module_dict.get(config["type"], config["type"])
    elif isinstance(config, list | tuple):
        config = [with_classes(value) for value in config]
    return config
