"""Converts Multi-Person PoseTrack (annolist.mat, CVPR 2017) to the PoseTrack18 layout.

Examples:
    python tools/dataset_converters/multiperson_posetrack_to_posetrack18.py \
        data/multiperson_posetrack/annolist/test/annolist.mat \
        data/multiperson_posetrack/annotations/val --split val --images data/multiperson_posetrack

    Frames renamed and numbered from 0 as in PoseTrack18:
    python tools/dataset_converters/multiperson_posetrack_to_posetrack18.py annolist.mat out \
        --split val --frame-names 'images/{split}/{video}/{index:06d}.jpg'
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmpose_temporal_cli import add_output_flags, run_tool


def run(args: argparse.Namespace) -> None:
    """Does what the arguments say."""
    from mmpose_temporal.datasets.converters import convert_multiperson_posetrack

    report = convert_multiperson_posetrack(
        args.source,
        args.out,
        split=args.split,
        frame_names=args.frame_names,
        image_root=args.images,
        overwrite=args.overwrite,
        progress=not args.quiet,
    )
    print(report)


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="annolist.mat")
    parser.add_argument("out", type=Path, help="folder to write one JSON file per video to")
    parser.add_argument("--split", required=True, help="name of the split, for the frame names")
    parser.add_argument(
        "--frame-names",
        default="videos/{video}/{number:05d}.jpg",
        help="format of the image names; fields: split, video, index (from 0), number (from 1); "
        "default: as released, %(default)s",
    )
    parser.add_argument(
        "--images",
        type=Path,
        metavar="ROOT",
        help="folder that the image names are relative to, to write the sizes of the images",
    )
    add_output_flags(parser)
    return run_tool(parser, run, argv)


if __name__ == "__main__":
    sys.exit(main())
