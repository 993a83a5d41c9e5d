#!/usr/bin/env python3
"""Make the environment that `make demo` and `make test` run in. Standard library only.

Two environments, so that several clones share the large one and each imports its own code:

* the *dependency environment*, `<cache>/env-<key>`: torch, mmcv with its operators, mmpose and
  the rest of requirements/lock.txt. The key stands for the lock file, the Python that builds it
  and the torch versions, so another choice makes another environment. A stamp written last says
  that it is complete; one without a stamp is built anew.
* `.venv` in the clone: an empty environment whose site-packages names the other one's, with this
  clone installed in it as editable.

The operators of mmcv take about ten minutes to compile, so the wheel is kept in `<cache>/wheels`,
by torch, Python and platform (pip's own cache would hand out one built for another torch).

Environment variables: MMPOSE_TEMPORAL_CACHE (the cache folder; else mmpose_temporal in
XDG_CACHE_HOME or ~/.cache), TORCH and TORCHVISION (versions to use instead of the pinned pair),
FORCE_CUDA (1 or 0: compile mmcv's GPU operators or not; else where a GPU and nvcc are found),
MAX_JOBS (compiler processes). The Python that runs this script builds the environment.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from setup_steps import SetupError, Step, clean_environ, exclusive, run, run_steps, site_packages

PROJECT = Path(__file__).resolve().parents[1]
RECIPE = 1  # raise it when the steps below change, so that older environments are built anew
APART = ("torch", "torchvision", "mmcv")  # lines of the lock file with steps of their own
MARKER = ".made_by_setup_env"  # in .venv from its first moment: only what we made is removed
FREE_GB = 9  # what torch with CUDA's libraries, the rest and the compilation take, rounded up

OPS_CHECK = """
import torch
from mmcv.ops import nms
boxes = torch.tensor([[0.0, 0, 10, 10], [1, 1, 10, 10], [20, 20, 30, 30]])
_, kept = nms(boxes, torch.tensor([0.9, 0.8, 0.7]), iou_threshold=0.5)
assert kept.tolist() == [0, 2], f"mmcv's nms kept {kept.tolist()} instead of [0, 2]"
"""
TORCH_CHECK = """
import torch, torchvision
print("torch", torch.__version__, "torchvision", torchvision.__version__)
torchvision.ops.nms(torch.tensor([[0.0, 0, 1, 1]]), torch.tensor([1.0]), 0.5)
"""
WHOLE_CHECK = """
import cv2, numpy, scipy, mmcv, mmdet, mmengine, mmpose, xtcocotools.coco
import mmdet.models, mmpose.datasets, mmpose.models, mmpose.visualization
for module in (numpy, scipy, cv2, mmengine, mmcv, mmdet, mmpose):
    print(module.__name__, module.__version__)
assert int(numpy.__version__.split(".")[0]) < 2, f"numpy {numpy.__version__} instead of < 2"
"""


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


class Builder:
    """The steps that make the dependency environment of a plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.python = plan.environment / "bin/python"

    def steps(self) -> list[Step]:
        """All steps in order; each needs the ones before it."""
        pins = self.plan.pins
        cached = "kept from before" if self.plan.mmcv_wheel() else "8 to 11 minutes the first time"
        misfit = (
            "mmcv's operators do not fit this torch. Remove the wheel, so that it is compiled "
            f"again: rm -r {self.plan.wheels}; then run make again."
        )
        pair = f"torch {pins['torch']} and torchvision {pins['torchvision']}"
        return [
            Step("checks of this machine", self.check_machine),
            Step("empty environment", self.create),
            Step("libraries of requirements/lock.txt", self.install_libraries),
            Step(f"{pair} (some 3 GB)", self.install_torch),
            Step(f"mmcv {pins['mmcv']} with operators ({cached})", self.build_mmcv),
            Step("mmcv's operators at work", self.install_mmcv, advice=misfit),
            Step("all libraries together", self.check_whole),
        ]

    def check_machine(self, log: Path) -> str:
        """Everything that would otherwise stop the build after minutes."""
        try:
            import ensurepip  # noqa: F401
            import venv  # noqa: F401
        except ImportError as error:
            raise SetupError(
                f"{sys.executable} cannot make environments ({error}). Install its venv module "
                "(Debian, Ubuntu: apt-get install python3-venv) or name another Python: make "
                "PYTHON=/path/to/python3.11 ..."
            ) from error
        free = shutil.disk_usage(self.plan.cache).free / 1e9
        if free < FREE_GB:
            raise SetupError(
                f"{self.plan.cache} has {free:.1f} GB free and the environment needs {FREE_GB} "
                "GB. Free some space, or name another place with MMPOSE_TEMPORAL_CACHE."
            )
        note = f"Python {platform.python_version()}, {free:.0f} GB free"
        if self.plan.mmcv_wheel():
            return note
        names = [os.environ["CXX"]] if os.environ.get("CXX") else ["c++", "g++"]
        compiler = next(filter(None, map(shutil.which, names)), None)
        if compiler is None:
            raise SetupError(
                f"There is no C++ compiler ({' or '.join(names)}), and mmcv has to be compiled. "
                "Install one (Debian, Ubuntu: apt-get install g++; Fedora: dnf install gcc-c++; "
                "macOS: xcode-select --install)."
            )
        if not Path(sysconfig.get_path("include"), "Python.h").is_file():
            raise SetupError(
                f"The headers of {sys.executable} are missing, and mmcv has to be compiled. "
                "Install them (Debian, Ubuntu: apt-get install python3-dev; Fedora: dnf install "
                "python3-devel)."
            )
        return f"{note}, compiler {compiler}"

    def create(self, log: Path) -> None:
        """An empty environment in place of what an interrupted build left there."""
        shutil.rmtree(self.plan.environment, ignore_errors=True)
        run(log, sys.executable, "-m", "venv", self.plan.environment)

    def install_libraries(self, log: Path) -> str:
        """The lock file's lines, less those with steps of their own, exactly as they stand."""
        lock = self.plan.project / "requirements/lock.txt"
        apart = tuple(f"{name}==" for name in APART)
        lines = [line for line in lock.read_text().splitlines() if not line.startswith(apart)]
        part = self.plan.environment / "libraries.txt"
        part.write_text("\n".join(lines) + "\n")
        # What sources are built with comes first: xtcocotools has no wheel for Python 3.12.
        first = [x for x in lines if re.match(r"(pip|setuptools|wheel|numpy|Cython)==", x)]
        pip = (self.python, "-m", "pip", "install", "--no-deps")
        run(log, *pip, *first)
        run(log, *pip, "--no-build-isolation", "-r", part)
        return f"{sum('==' in line for line in lines)} pinned"

    def install_torch(self, log: Path) -> None:
        """The pair with whatever torch itself pins (CUDA's libraries, triton), and a try."""
        pair = [f"{name}=={self.plan.pins[name]}" for name in ("torch", "torchvision")]
        run(log, self.python, "-m", "pip", "install", *pair)
        run(log, self.python, "-c", TORCH_CHECK, cwd=self.plan.environment)

    def build_mmcv(self, log: Path) -> str | None:
        """Compile the wheel, unless this torch, Python and platform have one already."""
        if self.plan.mmcv_wheel():
            return None
        environ = {
            "MMCV_WITH_OPS": "1",
            "FORCE_CUDA": str(int(self.plan.cuda)),
            "MAX_JOBS": os.environ.get("MAX_JOBS") or str(os.cpu_count() or 1),
            "PATH": f"{self.plan.environment / 'bin'}{os.pathsep}{os.environ['PATH']}",  # ninja
        }
        if not self.plan.cuda:
            environ["CUDA_VISIBLE_DEVICES"] = ""  # mmcv compiles for a GPU whenever it sees one
        self.plan.wheels.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.plan.cache, prefix="mmcv-") as folder:
            options = (
                "--no-deps",
                "--no-build-isolation",
                "--no-cache-dir",
                "--wheel-dir",
                folder,
            )
            requirement = f"mmcv=={self.plan.pins['mmcv']}"
            run(log, self.python, "-m", "pip", "wheel", *options, requirement, **environ)
            (wheel,) = Path(folder).glob("mmcv-*.whl")
            wheel.replace(self.plan.wheels / wheel.name)
        return "with GPU operators" if self.plan.cuda else "CPU operators"

    def install_mmcv(self, log: Path) -> None:
        """Install the wheel and call an operator: one without operators would install as well."""
        wheel = self.plan.mmcv_wheel()
        options = ("--no-deps", "--force-reinstall", "--no-cache-dir")
        run(log, self.python, "-m", "pip", "install", *options, wheel)
        run(log, self.python, "-c", OPS_CHECK, cwd=self.plan.environment)

    def check_whole(self, log: Path) -> None:
        """Import the libraries together: binaries that do not fit each other fail here."""
        run(log, self.python, "-W", "ignore", "-c", WHOLE_CHECK, cwd=self.plan.environment)


class CloneEnvironment:
    """The light `.venv` of a clone, on top of the dependency environment."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.path = plan.project / ".venv"
        self.python = self.path / "bin/python"
        self.stamp = self.path / "complete.json"

    def state(self) -> dict[str, str]:
        """What it was made from; another state makes it stale."""
        names = ("setup.py", "mmpose_temporal/version.py", "requirements/runtime.txt")
        files = b"".join((self.plan.project / name).read_bytes() for name in names)
        return {
            "project": str(self.plan.project),
            "environment": str(self.plan.environment),
            "files": hashlib.sha256(files).hexdigest(),
        }

    def is_current(self) -> bool:
        """Whether it is there, complete, and made from what is there now."""
        if not (self.stamp.is_file() and self.python.exists()):
            return False
        return json.loads(self.stamp.read_text()) == self.state()

    def make(self, log: Path) -> None:
        """Make it anew, and check that the clone's own code is what it imports."""
        if self.path.exists() and not (self.path / MARKER).exists():
            raise SetupError(
                f"{self.path} was not made by this script, so it is left alone. Move it away or "
                "remove it, then run make again."
            )
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir()
        (self.path / MARKER).touch()
        run(log, sys.executable, "-m", "venv", "--without-pip", self.path)
        link = site_packages(self.path) / "dependency_environment.pth"
        link.write_text(f"{site_packages(self.plan.environment)}\n")
        self.copy_commands()
        options = ("--no-deps", "--no-build-isolation", "--editable")
        run(log, self.python, "-m", "pip", "install", *options, self.plan.project)
        check = (
            "import importlib.util as u, pathlib, sys; s = u.find_spec('mmpose_temporal'); "
            "assert s and pathlib.Path(s.origin).is_relative_to(sys.argv[1]), s"
        )
        run(log, self.python, "-c", check, self.plan.project, cwd=self.path)
        self.stamp.write_text(json.dumps(self.state(), indent=2) + "\n")

    def copy_commands(self) -> None:
        """Give `.venv/bin` the commands (pytest, ruff, ...), run by this environment's Python."""
        other = os.fsencode(self.plan.environment / "bin/python")
        head = f"#!/bin/sh\n'''exec' \"{self.python}\" \"$0\" \"$@\"\n' '''\n"  # for any path
        for command in sorted((self.plan.environment / "bin").iterdir()):
            target = self.path / "bin" / command.name
            name_taken = command.name.lower().startswith(("python", "activate"))
            if name_taken or target.exists() or not command.is_file():
                continue
            content = command.read_bytes()
            # pip writes `#!<python>`, or three lines like those of `head` when the path is long
            own_head = re.match(rb"#!/bin/sh\n'''exec' .*\n.*\n|#!.*\n", content)
            if own_head is None or other not in own_head[0]:
                target.symlink_to(command)  # a program of its own
                continue
            target.write_bytes(os.fsencode(head) + content[own_head.end() :])
            target.chmod(0o755)


def use_base_python() -> None:
    """Start again with the Python that an active environment was made from, if one is active.

    The active one may be the very `.venv` that is about to be remade.
    """
    base = getattr(sys, "_base_executable", sys.executable)
    if sys.prefix != sys.base_prefix and base and base != sys.executable:
        os.execve(base, [base, *sys.argv], clean_environ())


def set_up(plan: Plan) -> None:
    """Bring both environments up to date; does nothing when they are.

    Raises:
        SetupError: If a step fails.
    """
    clone = CloneEnvironment(plan)
    if plan.is_complete() and clone.is_current():
        return
    logs = plan.cache / "logs" / plan.key
    if not plan.is_complete():
        with exclusive(plan.cache / f"env-{plan.key}.lock"):
            if not plan.is_complete():  # another set-up may have built it while this one waited
                print(f"Building {plan.environment} (logs: {logs})", flush=True)
                seconds = run_steps(Builder(plan).steps(), logs)
                done = {"pins": dict(plan.pins), "seconds": seconds}
                plan.stamp.write_text(json.dumps(done, indent=2) + "\n")
    with exclusive(plan.project / ".venv.lock"):
        if not clone.is_current():
            logs = plan.cache / "logs" / hashlib.sha256(bytes(plan.project)).hexdigest()[:12]
            run_steps([Step(".venv of this clone", clone.make)], logs)


def clean_cache(cache: Path) -> None:
    """Remove the dependency environments, wheels and logs, and say how much that was."""
    parts = [path for pattern in ("env-*", "wheels", "logs") for path in cache.glob(pattern)]
    size = 0
    for path in parts:
        for folder, _, files in os.walk(path):
            size += sum(os.lstat(os.path.join(folder, name)).st_size for name in files)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    print(f"Removed {size / 1e9:.1f} GB from {cache}; the next make builds everything again.")


def main() -> int:
    """Read the command line and set up."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument(
        "--clean-cache", action="store_true", help="remove the shared cache instead, with its size"
    )
    arguments = parser.parse_args()
    use_base_python()
    try:
        if not (3, 10) <= sys.version_info[:2] <= (3, 12):
            raise SetupError(
                f"Python 3.10, 3.11 or 3.12 is needed and {sys.executable} is "
                f"{platform.python_version()}. Name another: make PYTHON=/path/to/python3.11 ..."
            )
        plan = Plan.from_environment(PROJECT, os.environ)
        if arguments.clean_cache:
            clean_cache(plan.cache)
        else:
            set_up(plan)
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The next make builds what is incomplete again.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
