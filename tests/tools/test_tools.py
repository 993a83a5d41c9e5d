"""All tools: --help, a path that is not there, and the names of the installed commands."""

import importlib.util
import runpy
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from mmpose_temporal.apis.joint_quality import LOADERS
from mmpose_temporal.datasets.converters import FRAME_NAMES
from mmpose_temporal.datasets.converters.coco import HEAD_BOTTOM
from mmpose_temporal.datasets.exports import FORMATS
from mmpose_temporal.datasets.tracklets import ErrorRates
from mmpose_temporal.evaluation import functional
from mmpose_temporal.evaluation.posetrack_files import SMALL_SET
from mmpose_temporal.synthetic import SCENES, SPLITS
from mmpose_temporal_cli.commands import COMMANDS, main, tools_folder

TOOLS = Path(__file__).resolve().parents[2] / "tools"
OUTSIDE = {"setup_env.py"}
"""It makes the environment that everything else needs, so it stands alone."""
ABLATIONS = ("corrtrack", "ptm", "tkmr")
NOT_INSTALLED = {f"analysis_tools/{name}_ablation.py" for name in ABLATIONS}
"""They run the tools and configs of a clone."""

NAMES = sorted(
    str(path.relative_to(TOOLS))
    for path in TOOLS.rglob("*.py")
    if path.relative_to(TOOLS).parts[0] != "environment" and path.name not in OUTSIDE
)
POSETRACK18 = ["nowhere", "out"]
NOWHERE = {
    "train.py": ["nowhere.py"],
    "test.py": ["nowhere.py", "nowhere.pth"],
    "track_poses.py": ["nowhere.py", "poses", "--out", "out"],
    "evaluate_posetrack.py": ["nowhere", "predictions"],
    "analysis_tools/compare_runs.py": ["nowhere.json", "other.json"],
    "analysis_tools/get_flops.py": ["nowhere.py"],
    "analysis_tools/memory_oracle.py": ["nowhere.py", "nowhere.pth"],
    "analysis_tools/memory_thresholds.py": ["nowhere.py", "nowhere.pth"],
    "analysis_tools/print_config.py": ["nowhere.py"],
    "analysis_tools/correspondence_pck.py": ["nowhere.py", "w.pth", "--stills"],
    "analysis_tools/plot_correspondences.py": (
        ["nowhere.py", "w.pth", "--still", "0", "--out", "a.png"]
    ),
    "analysis_tools/plot_matching.py": (
        ["nowhere.py", "poses", "--video", "v", "--frame", "1", "--out", "a.png"]
    ),
    "analysis_tools/plot_ptm.py": (
        ["nowhere.py", "w.pth", "--video", "v", "--frame", "1", "--out", "a.png"]
    ),
    "analysis_tools/plot_tkmr.py": (
        ["nowhere.py", "w.pth", "--video", "v", "--frame", "1", "--out", "a.png"]
    ),
    "dataset_converters/check_posetrack.py": ["nowhere"],
    "dataset_converters/coco_to_posetrack.py": ["nowhere.json", "o.json", "--image-folder", "x"],
    "dataset_converters/detect_people.py": ["c.py", "w.pth", "nowhere", "out.json"],
    "dataset_converters/export_tracks.py": ["nowhere", "out", "--format", "mot"],
    "dataset_converters/make_synthetic_posetrack.py": (
        ["out.json", "--from-annotations", "nowhere", "--detections", "0,0,0,0"]
    ),
    "dataset_converters/mpii_to_posetrack.py": ["nowhere.json", "out.json"],
    "dataset_converters/multiperson_posetrack_to_posetrack18.py": (
        ["nowhere.mat", "out", "--split", "val"]
    ),
    "dataset_converters/posetrack17_to_posetrack18.py": POSETRACK18,
    "dataset_converters/posetrack18_to_posetrack17.py": POSETRACK18,
    "dataset_converters/posetrack21_to_posetrack18.py": POSETRACK18,
    "dataset_converters/simulate_pose_errors.py": POSETRACK18,
    "model_converters/extract_similarity.py": ["nowhere.pth", "out.pth"],
}
"""Arguments of which one names nothing."""


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs a tool as its command does, in this process and an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOCAL_RANK", "0")  # else the tools set it

    def call(name, *arguments):
        monkeypatch.setattr(sys, "argv", [str(TOOLS / name), *arguments])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(TOOLS / name), run_name="__main__")
        return (ended.value.code, *capsys.readouterr())

    return call


@pytest.mark.parametrize("name", NAMES)
def test_help(run, name):
    status, printed, complaint = run(name, "--help")
    assert (status, complaint) == (0, "")
    assert printed.startswith(f"usage: {Path(name).name} ")


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NOT_INSTALLED])
def test_a_path_that_is_not_there(run, name, tmp_path):
    """A new tool must be listed here with its arguments."""
    status, printed, complaint = run(name, *NOWHERE[name])
    assert (status, printed) == (2, "")
    assert complaint.startswith(f"{Path(name).name}: error: ")
    assert "nowhere" in complaint and complaint.count("\n") == 1
    assert not list(tmp_path.iterdir())


THERE = {
    "test.py": ["nowhere.py", "nowhere.pth", "--out", "there.json"],
    "evaluate_posetrack.py": ["nowhere", "predictions", "--out", "there.json"],
    "analysis_tools/compare_runs.py": ["nowhere.json", "b.json", "--out", "there.json"],
    "analysis_tools/memory_oracle.py": ["nowhere.py", "w.pth", "--out", "there.json"],
    "analysis_tools/memory_thresholds.py": ["nowhere.py", "w.pth", "--out", "there.json"],
    "analysis_tools/print_config.py": ["nowhere.py", "--out", "there.py"],
    "analysis_tools/correspondence_pck.py": (
        ["nowhere.py", "w.pth", "--stills", "--out", "there.png"]
    ),
    "analysis_tools/plot_correspondences.py": (
        ["nowhere.py", "w.pth", "--still", "0", "--out", "there.png"]
    ),
    "analysis_tools/plot_matching.py": (
        ["nowhere.py", "poses", "--video", "v", "--frame", "1", "--out", "there.png"]
    ),
    "analysis_tools/plot_ptm.py": (
        ["nowhere.py", "w.pth", "--video", "v", "--frame", "1", "--out", "there.png"]
    ),
    "analysis_tools/plot_tkmr.py": (
        ["nowhere.py", "w.pth", "--video", "v", "--frame", "1", "--out", "there.png"]
    ),
    "model_converters/extract_similarity.py": ["nowhere.pth", "there.pth"],
}
"""Tools that write one file, with arguments of which that one exists."""


@pytest.mark.parametrize("name", THERE)
def test_a_file_that_is_there_is_not_replaced(run, name, tmp_path):
    """They say so before they look at anything else; --overwrite goes on to the next error."""
    file = tmp_path / next(a for a in THERE[name] if a.startswith("there"))
    file.write_text("mine")
    status, printed, complaint = run(name, *THERE[name])
    assert (status, printed) == (2, "")
    assert f"{file.name} exists; pass --overwrite to replace it" in complaint
    assert complaint.count("\n") == 1
    status, _, complaint = run(name, *THERE[name], "--overwrite")
    assert status == 2 and "nowhere" in complaint
    assert file.read_text() == "mine"


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_option(run, name):
    status, _, complaint = run(name, *NOWHERE.get(name, []), "--no-such-option")
    assert status == 2 and f"{Path(name).name}: error: " in complaint


def test_help_needs_the_standard_library_only():
    """And rich in the demo: what takes seconds is imported after the options are read."""
    files = [*(TOOLS / name for name in NAMES), TOOLS.parent / "demo/run_demo.py"]
    code = """
import contextlib, io, runpy, sys
for file in sys.argv[1:]:
    sys.argv = [file, "--help"]
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
        runpy.run_path(file, run_name="__main__")
        assert False, file
    heavy = {"torch", "numpy", "cv2", "mmengine", "mmpose_temporal"} & {*sys.modules}
    assert not heavy, (file, heavy)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, files)],
        cwd=TOOLS.parent,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_choices_and_defaults_are_those_of_the_package(tmp_path):
    """The tools state them, since --help does not import the package."""
    shown = {}
    for name in NAMES:
        parsed = {}
        spec = importlib.util.spec_from_file_location("tool", TOOLS / name)
        tool = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(tool)
        tool.run_tool = lambda parser, *others, parsed=parsed: parsed.update(
            {action.dest: action for action in parser._actions}
        )
        tool.main([])
        shown[Path(name).stem] = parsed
    for name in ("memory_oracle", "memory_thresholds"):
        assert tuple(shown[name]["data"].choices) == LOADERS
    figures = shown["evaluate_posetrack"]
    assert tuple(figures["protocol"].choices) == functional.PROTOCOLS
    assert tuple(figures["joints"].choices) == functional.JOINT_CHOICES
    assert tuple(figures["norm_item"].choices) == functional.NORM_ITEMS
    assert figures["bbox_share"].default == functional.BBOX_SHARE
    assert f"{SMALL_SET / 10**6:g} MB" in figures["workers"].help
    assert tuple(shown["coco_to_posetrack"]["head_bottom"].choices) == HEAD_BOTTOM
    assert tuple(shown["export_tracks"]["format"].choices) == FORMATS
    frames = shown["multiperson_posetrack_to_posetrack18"]["frame_names"]
    assert frames.default == FRAME_NAMES
    synthetic = shown["make_synthetic_posetrack"]
    assert tuple(synthetic["scene"].choices) == SCENES
    assert tuple(synthetic["split"].choices) == SPLITS
    errors, defaults = shown["simulate_pose_errors"], asdict(ErrorRates())
    assert defaults.pop("scored") is True  # --unscored
    assert {name: errors[name].default for name in defaults} == defaults


def test_cfg_options_without_a_value(run):
    status, _, complaint = run(
        "analysis_tools/print_config.py", "c.py", "--cfg-options", "model.x"
    )
    assert status == 2
    assert complaint.endswith("argument --cfg-options: write KEY=VALUE, not 'model.x'\n")


def test_every_tool_is_a_command():
    assert tools_folder().samefile(TOOLS)
    assert sorted(COMMANDS.values()) == [name for name in NAMES if name not in NOT_INSTALLED]
    for command, file in COMMANDS.items():
        assert command == Path(file).stem.replace("_", "-")


def test_the_command_lists_the_tools(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert all(f"  {name}  " in printed for name in COMMANDS)
    assert "Assign track ids to poses in files" in printed
    with pytest.raises(SystemExit) as ended:
        main(["dance"])
    assert ended.value.code == 2 and "invalid choice: 'dance'" in capsys.readouterr().err


def test_a_command_is_its_tool(capsys, tmp_path):
    before = list(sys.argv)
    assert main(["evaluate-posetrack", str(tmp_path / "nowhere"), "x"]) == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith("mmpose-temporal evaluate-posetrack: error: ")
    assert "nowhere does not exist" in complaint
    assert sys.argv == before


@pytest.mark.slow
def test_as_a_module(tmp_path):
    command = [sys.executable, "-m", "mmpose_temporal", "train", "nowhere.py"]
    done = subprocess.run(command, cwd=TOOLS.parent, capture_output=True, text=True)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("mmpose-temporal train: error: ") and "nowhere.py" in last
