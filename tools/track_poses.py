"""Assign track ids to poses in files: PoseTrack18's layout, or predictions that mmpose wrote."""

import argparse
import sys
from collections.abc import Sequence

from mmpose_temporal_cli import add_config_options, add_frame_order, add_overwrite, run_tool


def flags() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", help="config of a PoseOnlyTracker")
    parser.add_argument(
        "poses",
        help="folder of per-video JSON files in the PoseTrack18 layout, or file or folder of "
        "predictions that mmpose wrote",
    )
    parser.add_argument("--out", required=True, help="folder for the same files with ids")
    add_overwrite(parser)
    parser.add_argument(
        "--images",
        help="folder that the frames' paths in the files begin in, for a tracker that looks at "
        "the frames",
    )
    parser.add_argument(
        "--metainfo",
        metavar="FILE",
        help="mmpose's description of the files' keypoints, such as "
        "configs/_base_/datasets/coco.py; default: the config's, or the names in the files",
    )
    parser.add_argument("--checkpoint", help="weights of a similarity that learns")
    parser.add_argument(
        "--fps",
        type=float,
        help="frames per second, for trackers whose ages are in seconds; the times are written "
        "too (default: 'time' of the images in the files)",
    )
    add_frame_order(parser)
    add_config_options(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    """Does what the arguments say; 1 if a file was left out."""
    from mmpose_temporal.apis import build_pose_only_tracker, track_pose_files
    from mmpose_temporal.engine.command_line import read_config
    from mmpose_temporal.structures import read_skeleton

    config = read_config(args.config, args.cfg_options)
    tracker = build_pose_only_tracker(config, args.checkpoint)
    skeleton = None if args.metainfo is None else read_skeleton(dict(from_file=args.metainfo))
    report = track_pose_files(
        tracker,
        args.poses,
        args.out,
        images=args.images,
        skeleton=skeleton,
        frame_order=args.frame_order,
        overwrite=args.overwrite,
        fps=args.fps,
    )
    print(report)
    return 1 if report.failed else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    return run_tool(flags(), run, argv)


if __name__ == "__main__":
    sys.exit(main())
