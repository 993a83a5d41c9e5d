"""Checks a data set in the PoseTrack18 layout: release, files, images, ids, head boxes.

Exit status: 0: nothing is wrong, 1: something is, 2: it cannot be read.

Example:
    python tools/dataset_converters/check_posetrack.py data/posetrack18 --split val
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmpose_temporal_cli import add_frame_order, run_tool


def run(args: argparse.Namespace) -> int:
    """Does what the arguments say; the exit status is 1 if something is wrong."""
    from mmpose_temporal.datasets.converters import check_posetrack

    report = check_posetrack(
        args.root,
        splits=args.splits,
        images=not args.no_images,
        workers=args.workers,
        frame_order=args.frame_order,
        progress=not args.quiet,
    )
    print(report.text(first=args.first))
    return 0 if report.ok else 1


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=Path, help="data root with annotations/ and images/")
    parser.add_argument(
        "--split", action="append", dest="splits", help="a split; may be repeated; default: all"
    )
    parser.add_argument("--no-images", action="store_true", help="do not decode the images")
    parser.add_argument("--workers", type=int, default=2, help="threads that decode")
    parser.add_argument("--first", type=int, default=5, help="findings of a kind to list")
    add_frame_order(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return run_tool(parser, run, argv)


if __name__ == "__main__":
    sys.exit(main())
