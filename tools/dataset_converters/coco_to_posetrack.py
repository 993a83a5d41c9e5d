"""Converts COCO keypoints to the 17 keypoints of PoseTrack, for pre-training.

Example:
    python tools/dataset_converters/coco_to_posetrack.py \
        data/coco/annotations/person_keypoints_train2017.json \
        data/coco/annotations/posetrack_train2017.json --image-folder train2017
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmpose_temporal_cli import add_output_flags, run_tool


def run(args: argparse.Namespace) -> None:
    """Does what the arguments say."""
    from mmpose_temporal.datasets.converters import convert_coco

    report = convert_coco(
        args.source,
        args.out,
        image_folder=args.image_folder,
        head_bottom=args.head_bottom,
        overwrite=args.overwrite,
        progress=not args.quiet,
    )
    print(report)


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="person_keypoints_*.json")
    parser.add_argument("out", type=Path, help="the .json file to write")
    parser.add_argument(
        "--image-folder", required=True, help="folder of the images below the data root: train2017"
    )
    parser.add_argument(
        "--head-bottom",
        choices=["shoulders", "none"],
        default="shoulders",
        help="head_bottom is the middle of the shoulders (default), or unannotated",
    )
    add_output_flags(parser)
    return run_tool(parser, run, argv)


if __name__ == "__main__":
    sys.exit(main())
