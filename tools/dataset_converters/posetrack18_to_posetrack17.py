"""Converts the PoseTrack18 layout (annotations or predictions) to PoseTrack17 json.

Example:
    python tools/dataset_converters/posetrack18_to_posetrack17.py \
        work_dirs/tracker/predictions work_dirs/tracker/predictions17
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmpose_temporal_cli import add_frame_order, add_output_flags, run_tool


def run(args: argparse.Namespace) -> int:
    """Does what the arguments say; 1 if a file was left out."""
    from mmpose_temporal.datasets.converters import convert_to_posetrack17

    report = convert_to_posetrack17(
        args.source,
        args.out,
        frame_order=args.frame_order,
        overwrite=args.overwrite,
        progress=not args.quiet,
    )
    print(report)
    return 1 if report.failed else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="folder of PoseTrack18 files, or one file")
    parser.add_argument("out", type=Path, help="folder to write one JSON file per video to")
    add_frame_order(parser)
    add_output_flags(parser)
    return run_tool(parser, run, argv)


if __name__ == "__main__":
    sys.exit(main())
