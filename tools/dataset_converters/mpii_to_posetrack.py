"""Converts mmpose's JSON form of MPII to the 17 keypoints of PoseTrack, for pre-training.

Example:
    python tools/dataset_converters/mpii_to_posetrack.py \
        data/mpii/annotations/mpii_train.json data/mpii/annotations/posetrack_train.json \
        --images data/mpii
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmpose_temporal_cli import add_output_flags, run_tool


def run(args: argparse.Namespace) -> None:
    """Does what the arguments say."""
    from mmpose_temporal.datasets.converters import convert_mpii

    report = convert_mpii(
        args.source,
        args.out,
        image_folder=args.image_folder,
        image_root=args.images,
        overwrite=args.overwrite,
        progress=not args.quiet,
    )
    print(report)


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="mpii_train.json, mpii_val.json, ...")
    parser.add_argument("out", type=Path, help="the .json file to write")
    parser.add_argument(
        "--image-folder", default="images", help="folder of the images below the data root"
    )
    parser.add_argument(
        "--images", type=Path, metavar="ROOT", help="data root, to write the sizes of the images"
    )
    add_output_flags(parser)
    return run_tool(parser, run, argv)


if __name__ == "__main__":
    sys.exit(main())
