"""mmcv's operators: its files put together, when that is done, and what happens when it fails."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
import tarfile
import types
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

#: Stands in for mmcv. Each file by itself is right; together they define helpers twice.
SOURCES = {
    "helper.hpp": "#pragma once\n#include <algorithm>\n",
    "pybind.cpp": '#include "helper.hpp"\n// m.def("nms"); m.def("nms"); m.def("roi");\n',
    "nms.cpp": '#include "helper.hpp"\nint nms() { return 1; }\n',
    "roi.cpp": '#include "helper.hpp"\nint roi() { return 2; }\n',
    "cpu/bezier_align.cpp": "struct PreCalc {};\nint add(int a) { return a; }\n",
    "cpu/psamask.cpp": "#define min(a, b) ((a) < (b) ? (a) : (b))\nint least = min(1, 2);\n",
    "cpu/roi_align.cpp": (
        "struct PreCalc { int x; };\nint add(int a) { return 2 * a; }\nint used = add(1);\n"
    ),
    "cpu/voxelization.cpp": '#include "helper.hpp"\nint smallest = std::min(1, 2);\n',
}

#: Where mmcv's setup.py chooses a standard, and torch's header that asks for one.
SETUP = """
if platform.system() != 'Windows':
    if parse_version(torch.__version__) <= parse_version('1.12.1'):
        extra_compile_args['cxx'] = ['-std=c++14']
    else:
        extra_compile_args['cxx'] = ['-std=c++17']
else:
    extra_compile_args['cxx'] = ['/std:c++17']
extra_compile_args['nvcc'] += ['-std=c++17']
"""
HEADER = """
#if !defined(_MSC_VER) && __cplusplus < {year}L
#error C++20 or later compatible compiler is required to use ATen.
#endif
"""

#: Stands in for the environment's Python. It notes what it is asked to do, fails where FAIL_AT
#: says so, and makes the archive or the wheel that pip would make.
PYTHON = """#!{python}
import os, shutil, sys
words = sys.argv[1:]
build = words[:3] == ["-m", "pip", "wheel"]
kind = "download" if "download" in words else "check"
if build:
    folder = os.path.basename(os.path.dirname(words[-1]))
    kind = "each" if words[-1].startswith("mmcv==") else folder
with open({calls!r}, "a") as file:
    print(kind, os.environ.get("FORCE_CUDA"), file=file)
print("this is", kind, "CFLAGS", os.environ.get("CFLAGS"))
if kind != "check" and os.environ.get("MMCV_WITH_OPS") != "1":
    sys.exit("that makes mmcv-lite")
if build and os.path.isdir(words[-1]):
    print(kind, "has setup.py:", open(words[-1] + "/setup.py").read(), flush=True)
if kind in os.environ.get("FAIL_AT", "").split():
    sys.exit("trouble in " + kind)
if kind == "download":
    target = words[words.index("--dest") + 1]
    os.makedirs(target)
    shutil.copy({archive!r}, target)
if build:
    target = words[words.index("--wheel-dir") + 1]
    shutil.make_archive(target + "/wheel", "zip", {folder!r}, "mmcv")
    os.rename(target + "/wheel.zip", target + "/mmcv-2.1.0-" + kind + "-none-any.whl")
"""


@pytest.fixture(scope="module")
def environment(project_root: Path) -> Iterator[types.SimpleNamespace]:
    """The modules of tools/environment, found as setup_env.py finds them."""
    before = set(sys.modules)
    sys.path.insert(0, str(project_root / "tools"))
    names = ("dependencies", "operators", "plan", "steps")
    yield types.SimpleNamespace(**{n: importlib.import_module(f"environment.{n}") for n in names})
    sys.path.remove(str(project_root / "tools"))
    for name in set(sys.modules) - before:
        if name.split(".")[0] == "environment":
            del sys.modules[name]


@pytest.fixture
def source(environment: types.SimpleNamespace, tmp_path: Path) -> Path:
    """An unpacked source of mmcv, as small as it can be."""
    root = tmp_path / "mmcv-2.1.0"
    for name, text in SOURCES.items():
        path = root / environment.operators.SOURCES / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "setup.py").write_text(SETUP)
    return root


def left_to_compile(folder: Path) -> list[str]:
    """What mmcv's setup.py finds."""
    found = [*folder.glob("*.cpp"), *folder.glob("cpu/*.cpp")]
    return sorted(path.relative_to(folder).as_posix() for path in found)


def test_three_files_include_all_the_others(
    environment: types.SimpleNamespace, source: Path
) -> None:
    folder = source / environment.operators.SOURCES
    assert environment.operators.unite(source) == 7
    assert left_to_compile(folder) == ["pybind.cpp", "united_cpu.cpp", "united_dispatch.cpp"]
    assert (folder / "pybind.cpp").read_text() == SOURCES["pybind.cpp"]
    dispatch = (folder / "united_dispatch.cpp").read_text()
    assert dispatch == '#include "nms.inc"\n#include "roi.inc"\n'
    cpu = (folder / "united_cpu.cpp").read_text().splitlines()
    included = [line.split('"')[1] for line in cpu if line.startswith("#include")]
    assert included == [  # the one with the macro min comes last
        "cpu/bezier_align.inc",
        "cpu/roi_align.inc",
        "cpu/voxelization.inc",
        "cpu/psamask.inc",
    ]
    place = cpu.index('#include "cpu/roi_align.inc"')
    assert "#define add roi_align_add" in cpu[:place]
    assert "#undef add" in cpu[place:]
    assert (folder / "cpu/roi_align.inc").read_text() == SOURCES["cpu/roi_align.cpp"]


@pytest.mark.skipif(shutil.which("c++") is None, reason="needs a C++ compiler")
def test_files_that_define_the_same_helpers_compile_together(
    environment: types.SimpleNamespace, source: Path
) -> None:
    environment.operators.unite(source)
    folder = source / environment.operators.SOURCES
    compiler = ("c++", "-std=c++17", "-fsyntax-only", "-I", folder)
    for name in left_to_compile(folder):
        done = subprocess.run([*compiler, folder / name], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_the_extensions_functions_are_read_once_each(
    environment: types.SimpleNamespace, source: Path
) -> None:
    assert environment.operators.function_names(source) == ["nms", "roi"]


@pytest.mark.parametrize("missing", ["pybind.cpp", "cpu"])
def test_another_layout_is_refused_before_anything_is_renamed(
    environment: types.SimpleNamespace, source: Path, missing: str
) -> None:
    folder = source / environment.operators.SOURCES
    (folder / missing).rename(source / "elsewhere")
    before = left_to_compile(folder)
    with pytest.raises(environment.operators.UnexpectedSources, match="has no pybind.cpp or"):
        environment.operators.unite(source)
    assert left_to_compile(folder) == before


def test_an_older_standard_is_raised_and_a_newer_one_left(
    environment: types.SimpleNamespace, source: Path
) -> None:
    setup = source / "setup.py"
    assert environment.operators.raise_standard(source, 20) == 4
    assert setup.read_text() == SETUP.replace("c++14", "c++20").replace("c++17", "c++20")
    assert environment.operators.raise_standard(source, 17) == 0
    assert setup.read_text().count("-std=c++20") == 3
    setup.write_text("extra_compile_args = {'cxx': []}\n")
    with pytest.raises(environment.operators.UnexpectedSources, match="asks for C\\+\\+20"):
        environment.operators.raise_standard(source, 20)


@pytest.mark.parametrize(
    ("text", "standard"),
    [
        (HEADER.format(year=201703), 17),
        (HEADER.format(year=202002), 20),
        (HEADER.format(year=202302), 23),
        ("#include <ATen/Context.h>", 0),
    ],
)
def test_the_standard_is_the_one_that_torchs_header_asks_for(
    environment: types.SimpleNamespace, tmp_path: Path, text: str, standard: int
) -> None:
    (tmp_path / "ATen.h").write_text(text)
    assert environment.operators.needed_standard(tmp_path / "ATen.h") == standard


def test_the_header_of_this_torch_asks_for_a_standard(environment: types.SimpleNamespace) -> None:
    header = Path(torch.__file__).parent / "include/ATen/ATen.h"
    assert environment.operators.needed_standard(header) >= 17


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """Where the stand-in for Python notes what it was asked to do."""
    return tmp_path / "calls.txt"


def write_header(environment: types.SimpleNamespace, plan: object, year: int) -> Path:
    """Put torch's header that asks for a standard into the plan's environment."""
    packages = environment.steps.site_packages(plan.environment)
    header = packages / "torch/include/ATen/ATen.h"
    header.parent.mkdir(parents=True, exist_ok=True)
    header.write_text(HEADER.format(year=year))
    return header


@pytest.fixture
def builder(
    environment: types.SimpleNamespace, source: Path, calls: Path, tmp_path: Path
) -> object:
    """A builder whose Python is the stand-in."""
    archive = tmp_path / "mmcv-2.1.0.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        file.add(source, source.name)
    pins = {"torch": "2.12.1", "torchvision": "0.27.1", "mmcv": "2.1.0"}
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/lock.txt").touch()
    plan = environment.plan.Plan(tmp_path, tmp_path / "cache", pins)
    builder = environment.dependencies.Builder(plan)
    builder.python.parent.mkdir(parents=True)
    write_header(environment, plan, 201703)
    names = {"python": sys.executable, "calls": str(calls), "archive": str(archive)}
    builder.python.write_text(PYTHON.format(folder=str(source), **names))
    builder.python.chmod(0o755)
    return builder


def kinds(calls: Path) -> list[str]:
    """What the stand-in was asked to do, in order."""
    return [line.split()[0] for line in calls.read_text().splitlines()]


def test_files_are_compiled_together_and_tried_before_the_wheel_is_kept(
    builder: object, calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFLAGS", "-fmine")
    assert builder.build_mmcv(tmp_path / "log") == "CPU operators"
    assert kinds(calls) == ["download", "together", "check"]
    assert builder.plan.mmcv_wheel().name == "mmcv-2.1.0-together-none-any.whl"
    text = (tmp_path / "log").read_text()
    assert "7 files of mmcv are compiled as 3" in text
    (flags,) = re.findall("this is together CFLAGS (.*)", text)
    assert flags == "-fmine -DNDEBUG -O2 -g0"  # without NDEBUG, pixel_group would abort
    assert not list(builder.plan.cache.glob("mmcv-*"))  # what was unpacked is gone
    calls.unlink()
    assert builder.build_mmcv(tmp_path / "log") is None  # kept from before
    assert not calls.exists()


@pytest.mark.parametrize("year", [201703, 202002])
@pytest.mark.parametrize("cuda", [False, True])
def test_both_ways_compile_with_the_standard_that_torch_asks_for(
    environment: types.SimpleNamespace,
    builder: object,
    calls: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    year: int,
    cuda: bool,
) -> None:
    monkeypatch.setenv("FAIL_AT", "together")
    new = environment.dependencies.Builder(replace(builder.plan, cuda=cuda))
    new.python = builder.python
    write_header(environment, new.plan, year)
    new.build_mmcv(tmp_path / "log")
    fetched = ["download"] if year == 202002 else []  # else pip gets mmcv==2.1.0 as it is
    assert kinds(calls) == ([] if cuda else ["download", "together"]) + [*fetched, "each"]
    told = (tmp_path / "log").read_text()
    ways = (() if cuda else ("together",)) + (("each",) if fetched else ())
    for way in ways:
        setup = told.split(f"{way} has setup.py:")[1].split("\n$ ")[0]
        assert ("c++17" in setup, "c++20" in setup) == (year == 201703, year == 202002)
    assert told.count("torch asks for C++20: 4 flags") == len(ways) * (year == 202002)


@pytest.mark.parametrize("stage", ["download", "together", "check"])
def test_each_file_is_compiled_alone_where_together_fails(
    builder: object,
    calls: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
    stage: str,
) -> None:
    monkeypatch.setenv("FAIL_AT", stage)
    log = tmp_path / "log"
    note = builder.build_mmcv(log)
    assert kinds(calls)[-2:] == [stage, "each"]
    assert builder.plan.mmcv_wheel().name == "mmcv-2.1.0-each-none-any.whl"
    assert "together failed" in note and str(log) in note
    assert "together failed" in capsys.readouterr().out  # before the long wait, too
    text = log.read_text()
    assert text.index(f"trouble in {stage}") < text.index("this is each")


def test_unknown_sources_are_compiled_one_by_one(
    builder: object, calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("environment.operators.BINDINGS", "bindings.cpp")
    assert "together failed" in builder.build_mmcv(tmp_path / "log")
    assert kinds(calls) == ["download", "each"]


def test_nothing_is_kept_where_both_ways_fail(
    builder: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIL_AT", "together each")
    with pytest.raises(subprocess.CalledProcessError):
        builder.build_mmcv(tmp_path / "log")
    assert builder.plan.mmcv_wheel() is None
    text = (tmp_path / "log").read_text()
    assert "trouble in together" in text and "trouble in each" in text


def test_gpu_operators_are_compiled_one_by_one(
    environment: types.SimpleNamespace, builder: object, calls: Path, tmp_path: Path
) -> None:
    gpu = environment.dependencies.Builder(replace(builder.plan, cuda=True))
    gpu.python = builder.python
    write_header(environment, gpu.plan, 201703)
    assert gpu.build_mmcv(tmp_path / "log") == "with GPU operators"
    assert calls.read_text() == "each 1\n"
