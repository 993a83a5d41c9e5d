"""Builds and installs the package.

`install_requires` holds what pip can install (requirements/runtime.txt). mmengine, mmcv and
mmpose are not in it: mmpose 1.3 requires chumpy, which current pips cannot build, and mmcv has to
be compiled where torch can be imported, so pip would break an environment in which both work.
They are checked when the package is imported, with the command that puts them right.

The ranges are what the libraries promise. Tried were the versions of requirements/lock.txt (torch
2.12.1) on Python 3.11 and 3.12, and on Python 3.11 torch 2.14.1 with torchvision 0.29.1 in place
of the pair there.

`configs/`, `tools/` and `model-index.yml` travel inside the package as `mmpose_temporal/.mim`,
where MIM looks for them: as copies in a wheel, as symbolic links in an editable installation.
"""

import os
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
PACKAGE = "mmpose_temporal"
COMMAND_LINE = "mmpose_temporal_cli"
FOR_MIM = ("configs", "tools", "model-index.yml")


def read_version() -> str:
    """The version without importing the package, whose import needs torch."""
    namespace: dict = {}
    exec((ROOT / PACKAGE / "version.py").read_text(), namespace)
    return namespace["__version__"]


def read_requirements(name: str) -> list[str]:
    """The lines of requirements/<name>.txt without comments."""
    lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
    stripped = (line.partition("#")[0].strip() for line in lines)
    return [line for line in stripped if line]


class BuildWithMim(build_py):
    """Puts the `.mim` folder beside the package's modules, without a trace in the clone."""

    def run(self) -> None:
        super().run()
        base = ROOT if self.editable_mode else Path(self.build_lib)
        target = base / PACKAGE / ".mim"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        ignored = shutil.ignore_patterns("__pycache__", "*.py[co]")
        for name in FOR_MIM:
            source = ROOT / name
            if not source.exists():
                raise FileNotFoundError(f"{source} is missing; the package cannot be built")
            if self.editable_mode:
                (target / name).symlink_to(os.path.relpath(source, target))
            elif source.is_dir():
                shutil.copytree(source, target / name, ignore=ignored)
            else:
                shutil.copyfile(source, target / name)


if __name__ == "__main__":
    setup(
        name=PACKAGE,
        version=read_version(),
        description="Pose tracking in video for MMPose 1.x",
        long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
        long_description_content_type="text/markdown",
        author="MMPose Temporal Contributors",
        license="Apache License 2.0",
        keywords="computer vision, pose estimation, pose tracking, video",
        packages=find_packages(include=[PACKAGE, f"{PACKAGE}.*", COMMAND_LINE]),
        # Said although it is the default: only then does an editable installation put this folder
        # on the path, and not a hook that comes after the path. With the hook, a clone that is
        # called mmpose_temporal would be imported in place of the package, as an empty namespace,
        # by every program that runs in the folder above it.
        package_dir={"": "."},
        package_data={PACKAGE: ["weights/*.pth", "weights/*.md"]},
        python_requires=">=3.10",
        install_requires=read_requirements("runtime"),
        extras_require={
            "mim": read_requirements("mminstall"),
            "optional": read_requirements("optional"),
            "tests": read_requirements("tests"),
        },
        entry_points={
            "console_scripts": [
                f"mmpose-temporal={COMMAND_LINE}.commands:main",
            ]
        },
        classifiers=[
            "Development Status :: 4 - Beta",
            "License :: OSI Approved :: Apache Software License",
            "Operating System :: POSIX",
            "Programming Language :: Python :: 3",
            "Programming Language :: Python :: 3.10",
            "Programming Language :: Python :: 3.11",
            "Programming Language :: Python :: 3.12",
        ],
        cmdclass={"build_py": BuildWithMim},
        zip_safe=False,
    )
