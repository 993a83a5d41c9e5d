"""Makes a synthetic PoseTrack18 data set, or simulated detections for an existing one.

Examples:
    python tools/dataset_converters/make_synthetic_posetrack.py data/synthetic \
        --videos 8 --frames 40 --size 480x360 --people 2-5 --seed 0 --split train
    python tools/dataset_converters/make_synthetic_posetrack.py data/val_detections.json \
        --from-annotations data/posetrack18/annotations/val --detections 0.05,0.1,0.05,0.2
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mmpose_temporal_cli import add_output_flags, run_tool

if TYPE_CHECKING:
    from mmpose_temporal.synthetic import DetectorNoise

_RATES = ("jitter", "miss", "duplicate", "false-positive")


def size(text: str) -> tuple[int, int]:
    """``WxH`` as (width, height)."""
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"write the size as WxH, as in 480x360, not {text!r}")
    return int(match[1]), int(match[2])


def people(text: str) -> tuple[int, int]:
    """``A-B`` or ``A`` as (A, B)."""
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", text)
    if not match:
        raise argparse.ArgumentTypeError(f"write the people as A-B, as in 2-5, not {text!r}")
    low, high = int(match[1]), int(match[2] or match[1])
    if low > high:
        raise argparse.ArgumentTypeError(f"people A-B needs A <= B, got {text!r}")
    return low, high


def detector(text: str) -> DetectorNoise:
    """Four rates ``jitter,miss,duplicate,false-positive`` or ``name=rate`` pairs."""
    from mmpose_temporal.synthetic import DetectorNoise

    parts = text.split(",")
    try:
        if "=" in text:
            pairs = dict(part.split("=") for part in parts)
            if set(pairs) - set(_RATES) or len(pairs) != len(parts):
                raise ValueError(f"the names are {', '.join(_RATES)}, each at most once")
            rates = [float(pairs.get(name, 0.0)) for name in _RATES]
        else:
            rates = [float(part) for part in parts]
            if len(rates) != len(_RATES):
                raise ValueError(f"four numbers are needed: {','.join(_RATES)}")
        jitter, miss, duplicate, false_positives = rates
        return DetectorNoise(
            jitter=jitter, miss=miss, duplicate=duplicate, false_positives=false_positives
        )
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from error


def picture(text: str) -> Path:
    """The name of a picture in a format that can be written."""
    from mmpose_temporal.synthetic import image_suffix

    try:
        image_suffix(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return Path(text)


def flags() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "out", type=Path, help="data set folder; with --from-annotations the .json file to write"
    )
    parser.add_argument("--split", choices=["train", "val", "test"], default="val")
    parser.add_argument("--videos", type=int, default=8)
    parser.add_argument("--frames", type=int, default=30, help="frames of each video")
    parser.add_argument("--size", type=size, default=(480, 360), metavar="WxH")
    parser.add_argument("--people", type=people, default=(2, 5), metavar="A-B")
    parser.add_argument(
        "--scene",
        choices=["mixed", "crossing", "crowded", "actions", "calm", "occluded"],
        default="mixed",
    )
    parser.add_argument("--fps", type=float, default=15.0)
    parser.add_argument("--ears", action="store_true", help="annotate ears (PoseTrack18 does not)")
    parser.add_argument(
        "--hidden",
        action="store_true",
        help="annotate joints in the frame that people or objects hide, too, and mark them in "
        "'keypoints_hidden' (PoseTrack18 does not)",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument(
        "--detections",
        type=detector,
        metavar="JITTER,MISS,DUPLICATE,FALSE_POSITIVE",
        help="write boxes of a simulated detector: standard deviation of the jitter relative to "
        "the box, chances of a miss and of a duplicate, false boxes per frame; also as "
        "name=rate pairs (jitter, miss, duplicate, false-positive), absent ones 0",
    )
    parser.add_argument(
        "--from-annotations",
        type=Path,
        metavar="DIR",
        help="render nothing; simulate detections for the PoseTrack18 JSON files in DIR",
    )
    parser.add_argument(
        "--preview", type=picture, metavar="FILE", help="write a grid of frames (.jpg or .png)"
    )
    add_output_flags(parser)
    return parser


def check(args: argparse.Namespace) -> None:
    """Refuse flags that do not go together."""
    if args.from_annotations is not None:
        if args.detections is None:
            raise ValueError("--from-annotations needs --detections")
        if args.out.suffix != ".json":
            raise ValueError(
                f"with --from-annotations OUT is the .json file to write, not {args.out}"
            )
        if args.preview is not None:
            raise ValueError(
                "--preview shows rendered frames; it cannot go with --from-annotations"
            )
        if args.out.exists() and not args.overwrite:
            raise ValueError(f"{args.out} exists; pass --overwrite to replace it")


def run(args: argparse.Namespace) -> int:
    """Does what the arguments say and prints what was written; 1 if a file was left out."""
    from mmpose_temporal.synthetic import (
        SyntheticVideoConfig,
        preview_grid,
        write_dataset,
        write_detections,
        write_image,
    )
    from mmpose_temporal.utils.failed_files import FailedFiles

    check(args)
    if args.from_annotations is not None:
        failed = FailedFiles()
        count = write_detections(
            args.from_annotations,
            args.out,
            noise=args.detections,
            seed=args.seed,
            failed=failed,
        )
        print("\n".join([f"{args.out}: {count} detections", *failed.lines("used")]))
        return 1 if failed else 0
    config = SyntheticVideoConfig(
        width=args.size[0],
        height=args.size[1],
        num_frames=args.frames,
        min_people=args.people[0],
        max_people=args.people[1],
        scene=args.scene,
        fps=args.fps,
        annotate_ears=args.ears,
        annotate_hidden=args.hidden,
    )
    done = write_dataset(
        args.out,
        args.split,
        config=config,
        num_videos=args.videos,
        seed=args.seed,
        workers=args.workers,
        detections=args.detections,
        overwrite=args.overwrite,
        progress=not args.quiet,
    )
    print(
        f"{done.merged}: {done.num_videos} videos, {done.num_frames} frames, "
        f"{done.num_poses} poses"
    )
    if done.detections is not None:
        print(f"{done.detections}: {done.num_detections} detections")
    if args.preview is not None:
        write_image(args.preview, preview_grid(args.out, args.split), quality=78)
        print(f"{args.preview}: preview")
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    return run_tool(flags(), run, argv)


if __name__ == "__main__":
    sys.exit(main())
