"""Converts PoseTrack17 annotations (.mat or .json) to the PoseTrack18 layout.

Example:
    python tools/dataset_converters/posetrack17_to_posetrack18.py \
        data/posetrack17/posetrack_data/annotations/val data/posetrack17/annotations/val \
        --images data/posetrack17
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmpose_temporal_cli import add_frame_order, add_output_flags, run_tool


def run(args: argparse.Namespace) -> int:
    """Does what the arguments say; 1 if a file was left out."""
    from mmpose_temporal.datasets.converters import convert_from_posetrack17

    report = convert_from_posetrack17(
        args.source,
        args.out,
        image_root=args.images,
        frame_order=args.frame_order,
        overwrite=args.overwrite,
        progress=not args.quiet,
    )
    print(report)
    return 1 if report.failed else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="folder of .mat or .json files, or one file")
    parser.add_argument("out", type=Path, help="folder to write one JSON file per video to")
    parser.add_argument(
        "--images",
        type=Path,
        metavar="ROOT",
        help="folder that the image names are relative to, to write the sizes of the images",
    )
    add_frame_order(parser)
    add_output_flags(parser)
    return run_tool(parser, run, argv)


if __name__ == "__main__":
    sys.exit(main())
