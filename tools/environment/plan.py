"""Which environment is wanted, and where it is."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import shutil
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .steps import SetupError

RECIPE = 1  # raise it when dependencies.py does something else, so that all is built again
APART = ("torch", "torchvision", "mmcv")  # lines of the lock file with steps of their own


def read_pins(lock: Path) -> dict[str, str]:
    """Versions of torch, torchvision and mmcv as the lock file pins them."""
    pins = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", lock.read_text(), flags=re.MULTILINE))
    missing = [name for name in APART if name not in pins]
    if missing:
        raise SetupError(f"{lock} pins no version of {', '.join(missing)}")
    return {name: pins[name] for name in APART}


def wants_cuda_ops(environ: Mapping[str, str]) -> bool:
    """Whether mmcv's GPU operators are compiled: as FORCE_CUDA says, else where they can be."""
    forced = environ.get("FORCE_CUDA")
    if forced is not None:
        if forced not in ("0", "1"):
            raise SetupError(f"FORCE_CUDA is {forced!r}; it must be 0 or 1")
        return forced == "1"
    toolkit = environ.get("CUDA_HOME") or shutil.which("nvcc") or "/usr/local/cuda"
    return Path("/dev/nvidiactl").exists() and Path(toolkit).exists()


@dataclass(frozen=True)
class Plan:
    """Which environment is wanted, and where it is."""

    project: Path
    cache: Path
    pins: Mapping[str, str]
    cuda: bool = False

    @classmethod
    def from_environment(cls, project: Path, environ: Mapping[str, str]) -> Plan:
        """Read the lock file and the variables that the module's docstring names."""
        root = environ.get("XDG_CACHE_HOME") or "~/.cache"
        cache = environ.get("MMPOSE_TEMPORAL_CACHE") or f"{root}/mmpose_temporal"
        pins = read_pins(project / "requirements/lock.txt")
        pair = {name: environ.get(name.upper(), "") for name in ("torch", "torchvision")}
        if any(pair.values()):
            if not all(pair.values()):
                raise SetupError(
                    "TORCH and TORCHVISION go together, because each torchvision fits one torch; "
                    "only one of them is set"
                )
            pins.update(pair)
        return cls(project, Path(cache).expanduser().absolute(), pins, wants_cuda_ops(environ))

    @property
    def tag(self) -> str:
        """torch, Python and platform, which an mmcv wheel belongs to."""
        python = f"cp{sys.version_info.major}{sys.version_info.minor}"
        system = sysconfig.get_platform().replace(".", "_")
        return f"torch{self.pins['torch']}-{python}-{system}" + ("-cuda" if self.cuda else "")

    @property
    def key(self) -> str:
        """Stands for everything that the dependency environment depends on."""
        parts = {
            "recipe": RECIPE,
            "lock": (self.project / "requirements/lock.txt").read_text(),
            "python": [sys.implementation.cache_tag, platform.python_version()],
            "pins": dict(self.pins),
            "tag": self.tag,
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def environment(self) -> Path:
        """The folder of the dependency environment."""
        return self.cache / f"env-{self.key}"

    @property
    def stamp(self) -> Path:
        """The file that says the dependency environment is complete."""
        return self.environment / "complete.json"

    @property
    def wheels(self) -> Path:
        """The folder of the mmcv wheel for this torch, Python and platform."""
        return self.cache / "wheels" / self.tag

    def mmcv_wheel(self) -> Path | None:
        """The mmcv wheel built earlier, if there is one."""
        return next(iter(sorted(self.wheels.glob(f"mmcv-{self.pins['mmcv']}-*.whl"))), None)

    def is_complete(self) -> bool:
        """Whether the dependency environment is built and its Python still there."""
        return self.stamp.is_file() and (self.environment / "bin/python").exists()
