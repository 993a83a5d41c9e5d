"""Assign track ids to existing poses (PoseTrack18 layout); most trackers need no images."""

import argparse
import sys

from mmengine.config import Config, DictAction

from mmpose_temporal.apis import build_pose_only_tracker, track_pose_files


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", help="config of a PoseOnlyTracker")
    parser.add_argument("poses", help="folder of per-video JSON files (PoseTrack18 layout)")
    parser.add_argument("--out", required=True, help="folder for the same files with ids")
    parser.add_argument(
        "--images",
        help="folder that the frames' paths in the files begin in, for a tracker that looks at "
        "the frames",
    )
    parser.add_argument("--checkpoint", help="weights of a similarity that learns")
    parser.add_argument(
        "--cfg-options",
        nargs="+",
        action=DictAction,
        default={},
        help="settings of the config to change, as key=value: model.association.max_age=5",
    )
    return parser.parse_args()


def main() -> int:
    """Run; the exit status is 1 when the input is bad."""
    args = parse_arguments()
    try:
        config = Config.fromfile(args.config)
        config.merge_from_dict(args.cfg_options)
        tracker = build_pose_only_tracker(config, args.checkpoint)
        print(track_pose_files(tracker, args.poses, args.out, images=args.images))
    except (ValueError, OSError, RuntimeError) as error:
        print(f"track_poses: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
