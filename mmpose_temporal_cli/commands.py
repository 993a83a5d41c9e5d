"""The command ``mmpose-temporal``: the tools of an installed package, by name.

``mmpose-temporal track-poses ...`` is ``python tools/track_poses.py ...``. The tools and the
configs travel with the package, where MIM looks for them (``.mim``); in a clone that is not
installed they are beside it. Standard library only, so that ``--help`` answers at once.
"""

import argparse
import ast
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

PROGRAM = "mmpose-temporal"

COMMANDS = {
    "train": "train.py",
    "test": "test.py",
    "track-poses": "track_poses.py",
    "evaluate-posetrack": "evaluate_posetrack.py",
    "check-posetrack": "dataset_converters/check_posetrack.py",
    "coco-to-posetrack": "dataset_converters/coco_to_posetrack.py",
    "detect-people": "dataset_converters/detect_people.py",
    "export-tracks": "dataset_converters/export_tracks.py",
    "make-synthetic-posetrack": "dataset_converters/make_synthetic_posetrack.py",
    "mpii-to-posetrack": "dataset_converters/mpii_to_posetrack.py",
    "multiperson-posetrack-to-posetrack18": (
        "dataset_converters/multiperson_posetrack_to_posetrack18.py"
    ),
    "posetrack17-to-posetrack18": "dataset_converters/posetrack17_to_posetrack18.py",
    "posetrack18-to-posetrack17": "dataset_converters/posetrack18_to_posetrack17.py",
    "posetrack21-to-posetrack18": "dataset_converters/posetrack21_to_posetrack18.py",
    "simulate-pose-errors": "dataset_converters/simulate_pose_errors.py",
    "compare-runs": "analysis_tools/compare_runs.py",
    "correspondence-pck": "analysis_tools/correspondence_pck.py",
    "get-flops": "analysis_tools/get_flops.py",
    "memory-oracle": "analysis_tools/memory_oracle.py",
    "memory-thresholds": "analysis_tools/memory_thresholds.py",
    "plot-correspondences": "analysis_tools/plot_correspondences.py",
    "plot-matching": "analysis_tools/plot_matching.py",
    "plot-ptm": "analysis_tools/plot_ptm.py",
    "plot-tkmr": "analysis_tools/plot_tkmr.py",
    "print-config": "analysis_tools/print_config.py",
    "extract-similarity": "model_converters/extract_similarity.py",
}
"""Name -> file below tools/."""


def tools_folder() -> Path:
    """Where the tools are.

    Raises:
        FileNotFoundError: The package is neither installed nor in its clone.
    """
    package = package_folder()
    for folder in (package / ".mim" / "tools", package.parent / "tools"):
        if (folder / COMMANDS["train"]).is_file():
            return folder
    raise FileNotFoundError(f"{package} has no tools: install the package again")


def package_folder() -> Path:
    """Where `mmpose_temporal` is, beside this package."""
    return Path(__file__).resolve().parents[1] / "mmpose_temporal"


def version() -> str:
    """The package's version, without importing it."""
    namespace: dict = {}
    exec((package_folder() / "version.py").read_text(encoding="utf-8"), namespace)
    return namespace["__version__"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the tools; errors and exit status are the tool's, see :mod:`.run_tool`.

    Args:
        arguments: Name of the command and its own arguments; ``sys.argv`` if None.
    """
    folder = tools_folder()
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {_summary(folder / file)}" for name, file in COMMANDS.items()]
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Pose tracking in video for MMPose. COMMAND --help says more.",
        epilog="\n".join(["commands:", *lines]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=version())
    parser.add_argument("command", metavar="COMMAND", choices=COMMANDS)
    parser.add_argument("arguments", metavar="...", nargs=argparse.REMAINDER)
    args = parser.parse_args(arguments)
    kept = sys.argv
    sys.argv = [f"{PROGRAM} {args.command}", *args.arguments]  # argparse names the tool by it
    try:
        file = folder / COMMANDS[args.command]
        spec = importlib.util.spec_from_file_location(f"tools_{file.stem}", file)
        tool = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(tool)
        return tool.main(args.arguments)
    finally:
        sys.argv = kept


def _summary(file: Path) -> str:
    """First line of a tool's docstring, without importing what the tool needs."""
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]
