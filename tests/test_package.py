"""The package as a user gets it: it imports, says its version, and installs with its configs."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import mmengine
import pytest

import mmpose_temporal
from mmpose_temporal.testing import write_tiny_posetrack

# What a build reads; copied, so that building leaves nothing behind in the clone.
SOURCES = (
    "setup.py",
    "pyproject.toml",
    "MANIFEST.in",
    "README.md",
    "LICENSE",
    "model-index.yml",
    "requirements.txt",
    "requirements",
    "mmpose_temporal",
    "mmpose_temporal_cli",
    "configs",
    "tools",
)


@pytest.fixture(scope="module")
def clone(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the package is built from."""
    folder = tmp_path_factory.mktemp("clone")
    ignored = shutil.ignore_patterns("__pycache__", ".mim")
    for name in SOURCES:
        if (project_root / name).is_dir():
            shutil.copytree(project_root / name, folder / name, ignore=ignored)
        else:
            shutil.copy(project_root / name, folder / name)
    return folder


def pip(*arguments: str | Path, cwd: Path) -> None:
    """Run pip without network; its output is the text of the failure."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def read_a_users_config(folder: Path, *, packages: Path) -> list[str]:
    """Read a config of a user's in a process of its own, with the package from ``packages``.

    As mmpose's tools do: nothing is imported before the config is read. The environment's
    libraries are there, but not the package that it has installed.

    Returns:
        The similarity that the config ends up with, and where the package was found.
    """
    folder.mkdir()
    (folder / "mine.py").write_text(
        '_base_ = __import__("mmpose_temporal").config_files(\n'
        '    "baselines/oks-tracker.py", "_base_/models/track_entailment.py"\n'
        ")\n"
        "model = dict(association=dict(_delete_=True, **_base_.shipped_association))\n"
    )
    code = (
        "import site, sys; site.addsitedir(sys.argv[1]); sys.path.append(sys.argv[2])\n"
        "from mmengine.config import Config\n"
        "config = Config.fromfile('mine.py')\n"
        "import mmpose_temporal\n"
        "print(config.model.association.similarity.type, mmpose_temporal.__file__)\n"
    )
    arguments = [str(packages), str(Path(mmengine.__file__).parents[1])]
    command = [sys.executable, "-S", "-c", code, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def train_with_mmpose(folder: Path, *, packages: Path) -> None:
    """Train with mmpose's own tools/train.py and a config of a user's, and read its copy again.

    The environment's libraries are there, but not the package that it has installed.
    """
    write_tiny_posetrack(folder / "data", split="train")
    (folder / "small.py").write_text(
        '_base_ = __import__("mmpose_temporal").config_files(\n'
        '    "baselines/synthetic/oks-tracker_td-hm_hrnet-tiny_synthetic-128x96.py"\n'
        ")\n"
        "model = dict(association=dict(min_similarity=0.25))\n"
        "train_dataloader = dict(num_workers=0, persistent_workers=False)\n"
    )
    code = (
        "import runpy, site, sys\n"
        "site.addsitedir(sys.argv[1]); sys.path.append(sys.argv[2])\n"
        "import mmpose\n"
        "from mmengine.config import Config\n"
        "sys.argv = ['train.py', 'small.py', '--work-dir', 'work', '--no-validate',\n"
        "    '--cfg-options', 'train_cfg.max_epochs=1',\n"
        "    'train_dataloader.dataset.data_root=data']\n"
        "runpy.run_path(mmpose.__path__[0] + '/.mim/tools/train.py', run_name='__main__')\n"
        "import mmpose_temporal\n"
        "copy = Config.fromfile('work/small.py')\n"
        "copy.dump('again.py')\n"
        "assert Config.fromfile('again.py').to_dict() == copy.to_dict()\n"
        "print(mmpose_temporal.__file__)\n"
    )
    arguments = [str(packages), str(Path(mmengine.__file__).parents[1])]
    command = [sys.executable, "-S", "-c", code, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == str(packages / "mmpose_temporal" / "__init__.py")
    copy = mmengine.Config.fromfile(folder / "work" / "small.py")
    assert copy.model.association.min_similarity == 0.25
    assert copy.model.association.similarity.type == "MotionOKSSimilarity"  # of the base
    assert (copy.train_cfg.max_epochs, copy.train_dataloader.dataset.data_root) == (1, "data")
    assert "_base_" not in (folder / "work" / "small.py").read_text()
    assert (folder / "work" / "epoch_1.pth").is_file()


def test_version_is_told_once(project_root: Path) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", mmpose_temporal.__version__)
    cited = re.search(
        r"^version: (.+)$", (project_root / "CITATION.cff").read_text(), re.MULTILINE
    )
    assert cited is not None and cited[1] == mmpose_temporal.__version__


def test_every_module_imports() -> None:
    modules = [
        module.name
        for module in pkgutil.walk_packages(mmpose_temporal.__path__, "mmpose_temporal.")
    ]
    assert "mmpose_temporal.compat" in modules
    for name in modules:
        importlib.import_module(name)


def test_public_names_exist() -> None:
    for module in pkgutil.walk_packages(mmpose_temporal.__path__, "mmpose_temporal."):
        loaded = importlib.import_module(module.name)
        for name in getattr(loaded, "__all__", ()):
            assert hasattr(loaded, name), f"{module.name}.__all__ lists {name}, which is not there"


@pytest.mark.parametrize("with_mmdet", [True, False])
def test_importing_registers_the_parts(with_mmdet: bool) -> None:
    """In a process of its own; without mmdet, what needs no network of mmpose's is there."""
    code = f"""
import sys
if not {with_mmdet}:
    sys.modules["mmdet"] = None  # import mmdet raises ModuleNotFoundError
import mmpose_temporal
from mmpose.registry import DATASETS, METRICS, MODELS, VISUALIZERS
for registry in (DATASETS, METRICS, MODELS, VISUALIZERS):
    modules = {{part.__module__.split(".")[0] for part in registry.module_dict.values()}}
    expected = {with_mmdet} or registry is not VISUALIZERS
    assert ("mmpose_temporal" in modules) is expected, registry.name
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert ("python -m pip install mmdet" in done.stderr) is not with_mmdet
    assert "pkg_resources" not in done.stderr


def test_without_any_library_one_line_says_what_to_install(project_root: Path) -> None:
    """As after installing the wheel alone; Python starts without site-packages."""
    start = [sys.executable, "-S", "-c"]
    code = f"import sys; sys.path.insert(0, {str(project_root)!r}); import mmpose_temporal"
    done = subprocess.run([*start, code], capture_output=True, text=True)
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ImportError: mmpose_temporal needs libraries that are not installed: ")
    assert all(name in last for name in ("torch>=", "mmengine>=", "mmcv>=", "mmpose>="))
    assert "python -m pip install --no-deps mmpose==" in last
    code = (
        f"import sys; sys.path.insert(0, {str(project_root)!r})\n"
        "from mmpose_temporal_cli.commands import main\n"
        "sys.exit(main(['evaluate-posetrack', 'a', 'b']))"
    )
    done = subprocess.run([*start, code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "mmpose-temporal evaluate-posetrack: error: mmpose_temporal needs" in done.stderr


def test_tools_that_need_no_network_run_without_mmdet(project_root: Path, tmp_path: Path) -> None:
    """Tiny videos are tracked and evaluated, one tool after the other in one process."""
    write_tiny_posetrack(tmp_path)
    truth, tracked = tmp_path / "annotations" / "val", tmp_path / "tracked"
    config = project_root / "configs" / "baselines" / "oks-tracker.py"
    figures = tmp_path / "figures.json"
    commands = [
        ["tools/track_poses.py", config, truth, "--out", tracked],
        ["tools/evaluate_posetrack.py", truth, tracked, "--out", figures],
    ]
    code = f"""
import runpy, sys
sys.modules["mmdet"] = None  # import mmdet raises ModuleNotFoundError
for command in {[[str(part) for part in command] for command in commands]}:
    sys.argv = command
    try:
        runpy.run_path(command[0], run_name="__main__")
    except SystemExit as end:
        assert not end.code, (command, end.code)
assert sys.modules["mmdet"] is None
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=project_root
    )
    assert done.returncode == 0, done.stderr
    # two people in the 5 frames of v1 and the 3 of v2, who keep their ids
    assert "16 of 16 poses in 8 frames of 2 videos have an id (4 tracks)" in done.stdout
    result = json.loads(figures.read_text())
    assert (result["posetrack/AP"], result["posetrack/MOTA"]) == (100, 100)
    assert result["posetrack/IDSW"] == 0


def test_everything_that_is_imported_is_required(project_root: Path) -> None:
    """Named in requirements/runtime.txt, or checked on import, or optional."""
    installed_as = {"cv2": "opencv-python", "PIL": "pillow"}
    imported = set()
    for path in (project_root / "mmpose_temporal").rglob("*.py"):
        if ".mim" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(node.module.split(".")[0])
    imported -= {*sys.stdlib_module_names, "mmpose_temporal", "mmpose_temporal_cli"}
    listed = set()
    for name in ("runtime", "mminstall", "optional"):
        lines = (project_root / "requirements" / f"{name}.txt").read_text().splitlines()
        listed |= {re.match(r"[\w-]+", line)[0] for line in lines if re.match(r"\w", line)}
    assert {installed_as.get(name, name) for name in imported} <= listed


def test_wheel_holds_the_package_and_what_mim_needs(clone: Path, tmp_path: Path) -> None:
    before = {path for path in clone.rglob("*") if "build" not in path.relative_to(clone).parts}
    pip("wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", tmp_path, ".", cwd=clone)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name == f"mmpose_temporal-{mmpose_temporal.__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = archive.read(next(n for n in names if n.endswith("dist-info/METADATA")))

    modules = {str(path.relative_to(clone)) for path in (clone / "mmpose_temporal").rglob("*.py")}
    assert modules <= names
    for folder in ("configs", "tools"):
        files = [path for path in (clone / folder).rglob("*") if path.is_file()]
        assert files
        assert {f"mmpose_temporal/.mim/{path.relative_to(clone)}" for path in files} <= names
    assert "mmpose_temporal/.mim/model-index.yml" in names
    weights = {path.name for path in (clone / "mmpose_temporal/weights").iterdir()}
    assert {"README.md", "track_entailment.pth"} <= weights
    assert {f"mmpose_temporal/weights/{name}" for name in weights} <= names
    with zipfile.ZipFile(wheel) as archive:
        scripts = archive.read(next(n for n in names if n.endswith("entry_points.txt"))).decode()
    assert "mmpose-temporal = mmpose_temporal_cli.commands:main" in scripts
    roots = {name.split("/")[0] for name in names}
    # and the dist-info, no tests or tools
    assert len(roots) == 3 and {"mmpose_temporal", "mmpose_temporal_cli"} <= roots

    requires = re.findall(r"^Requires-Dist: ([\w-]+)[^;\n]*$", metadata.decode(), re.MULTILINE)
    assert {"numpy", "scipy", "torch", "xtcocotools"} <= set(requires)
    assert not {"chumpy", "mmpose", "mmcv", "mmdet"} & set(requires)

    after = {path for path in clone.rglob("*") if "build" not in path.relative_to(clone).parts}
    new = {str(path.relative_to(clone).parts[0]) for path in after - before}
    assert new <= {"mmpose_temporal.egg-info"}  # git-ignored, as build/ is

    installed = tmp_path / "installed"
    pip("install", "--no-deps", "--no-index", "--target", installed, wheel, cwd=tmp_path)
    found = read_a_users_config(tmp_path / "user", packages=installed)
    assert found == ["TrackEntailment", str(installed / "mmpose_temporal/__init__.py")]
    train_with_mmpose(tmp_path / "user", packages=installed)


def test_editable_installation_links_what_mim_needs(clone: Path, tmp_path: Path) -> None:
    """With --target, so that the environment that runs the tests stays as it is."""
    installed = tmp_path / "installed"
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--target", installed)
    pip("install", *options, "--editable", ".", cwd=clone)
    mim = clone / "mmpose_temporal/.mim"
    for name in ("configs", "tools", "model-index.yml"):
        assert (mim / name).is_symlink()
        assert (mim / name).resolve() == (clone / name).resolve()
    found = read_a_users_config(tmp_path / "user", packages=installed)
    assert found == ["TrackEntailment", str(clone / "mmpose_temporal/__init__.py")]

    # `git clone` gives the clone the package's name, and a program above it sees it first
    parent = tmp_path / "parent"
    parent.mkdir()
    (parent / "mmpose_temporal").symlink_to(clone)
    code = (
        "import importlib.util, site, sys; site.addsitedir(sys.argv[1]); "
        "print(importlib.util.find_spec('mmpose_temporal').origin)"
    )
    command = [sys.executable, "-S", "-c", code, str(installed)]  # -c: the folder is on the path
    done = subprocess.run(command, cwd=parent, capture_output=True, text=True)
    assert done.stdout.strip() == str(clone / "mmpose_temporal/__init__.py"), done.stderr
