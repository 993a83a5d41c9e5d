"""The steps that make the dependency environment."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from . import operators
from .plan import APART, Plan
from .steps import SetupError, Step, run, site_packages

FREE_GB = 9  # what torch with CUDA's libraries, the rest and the compilation take, rounded up

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


class Builder:
    """The steps that make the dependency environment of a plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.python = plan.environment / "bin/python"

    def steps(self) -> list[Step]:
        """All steps in order; each needs the ones before it."""
        pins = self.plan.pins
        first = "10 minutes or more" if self.plan.cuda else "1 to 3 minutes"
        cached = "kept from before" if self.plan.mmcv_wheel() else f"{first} the first time"
        misfit = (
            "mmcv's operators do not fit this torch. Remove the wheel, so that it is compiled "
            f"again: rm -r {self.plan.wheels}; then run make again."
        )
        pair = f"torch {pins['torch']} and torchvision {pins['torchvision']}"
        return [
            Step("checks of this machine", self.check_machine),
            Step("empty environment", self.create),
            Step("libraries of requirements/lock.txt", self.install_libraries),
            Step(f"{pair} (5 GB on disk)", self.install_torch),
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
        """An empty environment instead of what an interrupted build left there."""
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
        return f"{len({line.split('==')[0] for line in lines if '==' in line})} pinned"

    def install_torch(self, log: Path) -> None:
        """The pair with whatever torch itself pins (CUDA's libraries, triton), and a try."""
        pair = [f"{name}=={self.plan.pins[name]}" for name in ("torch", "torchvision")]
        run(log, self.python, "-m", "pip", "install", *pair)
        run(log, self.python, "-c", TORCH_CHECK, cwd=self.plan.environment)

    def build_mmcv(self, log: Path) -> str | None:
        """Compile the wheel, unless this torch, Python and platform have one already.

        Without GPU operators, mmcv's files are compiled together, and the wheel is tried before
        it is kept. If that fails, and for GPU operators, each file is compiled on its own. Both
        ways use the C++ standard that torch's headers ask for, if mmcv's own is older.
        """
        if self.plan.mmcv_wheel():
            return None
        self.plan.wheels.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.plan.cache, prefix="mmcv-") as name:
            folder = Path(name)
            note = "with GPU operators" if self.plan.cuda else "CPU operators"
            wheel = None
            if not self.plan.cuda:
                try:
                    wheel = self.compile_together(log, folder / "together")
                except (OSError, ValueError, SetupError, subprocess.SubprocessError) as error:
                    failed = "compiling mmcv's files together failed, so each is compiled alone"
                    print(f"{failed} (10 minutes or more; why: {log}) ...", end=" ", flush=True)
                    with log.open("a") as file:
                        file.write(f"\n{error}\n{failed}\n\n")
                    note = f"{note}; {failed}: {log}"
            if wheel is None:
                mmcv: str | Path = f"mmcv=={self.plan.pins['mmcv']}"
                if self.standard() > operators.STANDARD:
                    mmcv = self.fetch(log, folder / "each")
                wheel = self.compile_each(log, folder / "each/wheel", mmcv)
            wheel.replace(self.plan.wheels / wheel.name)
        return note

    def standard(self) -> int:
        """The C++ standard that the installed torch asks for, 17 or later."""
        header = "torch/include/ATen/ATen.h"
        return operators.needed_standard(site_packages(self.plan.environment) / header)

    def fetch(self, log: Path, folder: Path) -> Path:
        """The unpacked sources of mmcv, with the C++ standard that torch asks for."""
        requirement = f"mmcv=={self.plan.pins['mmcv']}"
        options = ("--no-deps", "--no-build-isolation", "--no-cache-dir", "--no-binary", "mmcv")
        pip = (self.python, "-m", "pip", "download", *options, "--dest", folder)
        run(log, *pip, requirement, **self.mmcv_environ())
        archives = [*folder.glob("mmcv-*.tar.gz"), *folder.glob("mmcv-*.zip")]
        if len(archives) != 1:
            raise operators.UnexpectedSources(f"{requirement} came as {archives}")
        shutil.unpack_archive(archives[0], folder)
        (source,) = (path for path in folder.glob("mmcv-*") if path.is_dir())
        standard = self.standard()
        if standard > operators.STANDARD:
            count = operators.raise_standard(source, standard)
            with log.open("a") as file:
                file.write(f"torch asks for C++{standard}: {count} flags of setup.py changed\n")
        return source

    def compile_together(self, log: Path, folder: Path) -> Path:
        """The wheel from mmcv's sources rewritten for a short compilation, if its check passes."""
        source = self.fetch(log, folder)
        functions = operators.function_names(source)
        count = operators.unite(source)
        with log.open("a") as file:
            file.write(f"{count} files of mmcv are compiled as 3\n")
        # CFLAGS takes the place of Python's own flags, so they are repeated. -g0: no notes for a
        # debugger (1.7 MB instead of 83). -DNDEBUG: some of mmcv's assertions are wrong.
        usual = os.environ.get("CFLAGS") or sysconfig.get_config_var("CFLAGS") or ""
        flags = f"{usual} -DNDEBUG -O2 -g0".strip()
        wheel = self.compile_each(log, folder / "wheel", source, CFLAGS=flags)
        unpacked = folder / "unpacked"
        shutil.unpack_archive(wheel, unpacked, "zip")
        run(log, self.python, "-c", operators.CHECK, *functions, cwd=unpacked)
        return wheel

    def compile_each(self, log: Path, folder: Path, mmcv: str | Path, **extra: str) -> Path:
        """The wheel of a requirement or a folder, each file that is there compiled on its own."""
        options = ("--no-deps", "--no-build-isolation", "--no-cache-dir", "--wheel-dir", folder)
        run(log, self.python, "-m", "pip", "wheel", *options, mmcv, **self.mmcv_environ(), **extra)
        (wheel,) = folder.glob("mmcv-*.whl")
        return wheel

    def mmcv_environ(self) -> dict[str, str]:
        """What mmcv's setup.py reads; with MMCV_WITH_OPS=0 it makes another package, mmcv-lite."""
        environ = {
            "MMCV_WITH_OPS": "1",
            "FORCE_CUDA": str(int(self.plan.cuda)),
            "MAX_JOBS": os.environ.get("MAX_JOBS") or str(os.cpu_count() or 1),
            "PATH": f"{self.plan.environment / 'bin'}{os.pathsep}{os.environ['PATH']}",  # ninja
        }
        if not self.plan.cuda:
            environ["CUDA_VISIBLE_DEVICES"] = ""  # mmcv compiles for a GPU whenever it sees one
        return environ

    def install_mmcv(self, log: Path) -> None:
        """Install the wheel and call operators: one without operators would install as well."""
        wheel = self.plan.mmcv_wheel()
        options = ("--no-deps", "--force-reinstall", "--no-cache-dir")
        run(log, self.python, "-m", "pip", "install", *options, wheel)
        run(log, self.python, "-c", operators.CHECK, cwd=self.plan.environment)

    def check_whole(self, log: Path) -> None:
        """Import the libraries together: binaries that do not fit each other fail here."""
        run(log, self.python, "-W", "ignore", "-c", WHOLE_CHECK, cwd=self.plan.environment)
