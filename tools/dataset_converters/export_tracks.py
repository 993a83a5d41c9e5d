"""Exports tracked poses (PoseTrack18-layout predictions) to another format.

Examples:
    python tools/dataset_converters/export_tracks.py predictions tracks_mot --format mot
    python tools/dataset_converters/export_tracks.py predictions results.json --format coco
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmpose_temporal_cli import add_frame_order, add_output_flags, run_tool


def run(args: argparse.Namespace) -> int:
    """Does what the arguments say; 1 if a file was left out."""
    from mmpose_temporal.datasets.exports import export_tracks

    report = export_tracks(
        args.source,
        args.out,
        format=args.format,
        frame_order=args.frame_order,
        overwrite=args.overwrite,
        progress=not args.quiet,
    )
    print(report)
    return 1 if report.failed else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="folder of predictions, or a file")
    parser.add_argument("out", type=Path, help="folder to write to; with coco the .json file")
    parser.add_argument(
        "--format", choices=["coco", "mot", "csv", "npz", "posetrack17"], required=True
    )
    add_frame_order(parser)
    add_output_flags(parser)
    return run_tool(parser, run, argv)


if __name__ == "__main__":
    sys.exit(main())
