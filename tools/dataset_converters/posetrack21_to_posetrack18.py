"""Converts PoseTrack21's pose annotations (posetrack_data) to the PoseTrack18 layout.

Example:
    python tools/dataset_converters/posetrack21_to_posetrack18.py \
        data/posetrack21/posetrack_data/val data/posetrack21/annotations/val
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmpose_temporal_cli import add_output_flags, run_tool


def run(args: argparse.Namespace) -> int:
    """Does what the arguments say; 1 if a file was left out."""
    from mmpose_temporal.datasets.converters import convert_posetrack21

    report = convert_posetrack21(
        args.source, args.out, overwrite=args.overwrite, progress=not args.quiet
    )
    print(report)
    return 1 if report.failed else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="folder of PoseTrack21 files, or one file")
    parser.add_argument("out", type=Path, help="folder to write one JSON file per video to")
    add_output_flags(parser)
    return run_tool(parser, run, argv)


if __name__ == "__main__":
    sys.exit(main())
