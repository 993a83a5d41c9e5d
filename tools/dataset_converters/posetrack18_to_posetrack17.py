"""Converts the PoseTrack18 layout (annotations or predictions) to PoseTrack17 json.

Example:
    python tools/dataset_converters/posetrack18_to_posetrack17.py \
        work_dirs/tracker/predictions work_dirs/tracker/predictions17
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmpose_temporal.datasets.converters import ConversionReport, convert_to_posetrack17
from mmpose_temporal.datasets.converters.command_line import add_common_flags, run_reporting


def run(args: argparse.Namespace) -> ConversionReport:
    """Does what the arguments say."""
    return convert_to_posetrack17(
        args.source, args.out, overwrite=args.overwrite, progress=not args.quiet
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="folder of PoseTrack18 files, or one file")
    parser.add_argument("out", type=Path, help="folder to write one JSON file a video to")
    add_common_flags(parser)
    return run_reporting(run, parser.parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
