r"""How well does a correspondence network (CorrTrack) find joints again, and do others do better?

In annotated videos the joints of frame t are looked for in frame t + step, for all people who are
in both by their track ids (--ann-file, --images, --steps); in pairs of stills, those of the
config's val_dataloader, the keypoints of the first view in the second one (--stills). The ways:

    correspondences  the network's confidences, with its refinement if it has one
    raw affinity     its affinities without the refinement
    flow, chained    OpenCV's dense optical flow (DIS) from frame to frame, joints moved on
    flow, direct     the same flow between the two images
    no motion        the same pixels

Figures: percent of the joints whose error is at most 0.05 and 0.1 of the diagonal of the person's
box in the second image, and the median error in pixels. Joints count that the network knows, that
are annotated (of stills: visible) in both images and lie in both; all ways are judged on the same.

    python tools/analysis_tools/correspondence_pck.py CONFIG CHECKPOINT --ann-file PATH \
        --images FOLDER --steps 1 5 10 --out FILE.json
    python tools/analysis_tools/correspondence_pck.py CONFIG CHECKPOINT --stills
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mmpose_temporal_cli import add_config_options, add_frame_order, add_overwrite, run_tool

if TYPE_CHECKING:
    from mmpose_temporal.apis.correspondence_pck import PairsReport

STEPS = (1, 5, 10)
"""Frames from the first to the second image if none are named."""


def flags() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "config", help="config of a CorrespondenceNetwork, or of a tracker with one"
    )
    parser.add_argument("checkpoint", help="its weights")
    parser.add_argument(
        "--ann-file", metavar="PATH", help="annotated videos (PoseTrack18 layout): folder or file"
    )
    parser.add_argument(
        "--images", metavar="FOLDER", help="folder that the frames' paths begin in"
    )
    parser.add_argument("--videos", nargs="+", metavar="NAME", help="only these videos")
    add_frame_order(parser)
    parser.add_argument(
        "--steps",
        type=int,
        nargs="+",
        metavar="N",
        help="frames from the first to the second image (default: 1 5 10)",
    )
    parser.add_argument(
        "--starts",
        type=int,
        nargs="+",
        metavar="T",
        help="positions of the first images, from 0; without it, all",
    )
    parser.add_argument(
        "--stills", action="store_true", help="measure the pairs of val_dataloader.dataset, too"
    )
    parser.add_argument(
        "--max-stills", type=int, metavar="N", help="only the first N of these pairs"
    )
    parser.add_argument(
        "--long-side",
        type=int,
        metavar="PIXELS",
        help="that the longer side of a frame is scaled to; without it, as in the config, or 512",
    )
    parser.add_argument(
        "--flow-long-side",
        type=int,
        default=512,
        metavar="PIXELS",
        help="that larger images are reduced to for the optical flow (default: %(default)s)",
    )
    parser.add_argument("--device", help="as cpu or cuda:0; without it, the best there is")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="write all figures here")
    add_overwrite(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    add_config_options(parser)
    return parser


def show(reports: dict[str, PairsReport]) -> None:
    """Print the table."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    names = list(next(iter(next(iter(reports.values())).figures.values())))
    table = Table("pairs", "way", *(n if n.startswith("PCK") else "median, pixels" for n in names))
    for column in table.columns[2:]:
        column.justify = "right"
    for title, report in reports.items():
        for way, figures in report.figures.items():
            shown = (f"{figures[name]:.1f}" for name in names)
            table.add_row(title, way, *("-" if text == "nan" else text for text in shown))
            title = ""
        table.add_section()
    console.print(table)


def check(args: argparse.Namespace) -> None:
    """Options that do not go together.

    Raises:
        ValueError: What to do.
    """
    if args.ann_file is None and not args.stills:
        raise ValueError("give --ann-file and --images (videos), --stills, or all of them")
    if (args.ann_file is None) != (args.images is None):
        raise ValueError("--ann-file and --images go together: give both or none")
    of_videos = {
        "--videos": args.videos,
        "--steps": args.steps,
        "--starts": args.starts,
        "--long-side": args.long_side,  # the views of stills are taken as they are
        "--frame-order": None if args.frame_order == "auto" else args.frame_order,
    }
    given = [name for name, value in of_videos.items() if value is not None]
    if args.ann_file is None and given:
        raise ValueError(f"{', '.join(given)}: for --ann-file only")
    if args.flow_long_side < 16:
        raise ValueError(f"--flow-long-side must be 16 or more, got {args.flow_long_side}")
    if args.max_stills is not None and not args.stills:
        raise ValueError("--max-stills is for --stills")


def run(args: argparse.Namespace) -> None:
    """Does what the arguments say.

    Raises:
        ValueError: Bad input.
    """
    from mmpose_temporal.apis.correspondence_pck import as_record, measure_stills, measure_videos
    from mmpose_temporal.apis.correspondences import build_encoder, still_pairs
    from mmpose_temporal.engine.command_line import read_config
    from mmpose_temporal.models.similarities import FlowSimilarity
    from mmpose_temporal.posetrack import load_videos
    from mmpose_temporal.utils import require_free, write_json

    check(args)
    if args.out is not None:
        inputs = [args.config, args.checkpoint]
        require_free([args.out], overwrite=args.overwrite, inputs=inputs)
    config = read_config(args.config, args.cfg_options)
    progress, reports = not args.quiet, {}
    flow = FlowSimilarity(long_edge=args.flow_long_side)
    encoder = build_encoder(config, args.checkpoint, long_side=args.long_side, device=args.device)
    if args.ann_file is not None:
        options = dict(videos=args.videos, frame_order=args.frame_order)
        videos = load_videos(args.ann_file, **options, skeleton=None)
        options = dict(steps=args.steps or STEPS, starts=args.starts, flow=flow, progress=progress)
        found = measure_videos(encoder, videos, args.images, **options)
        reports |= {f"t, t + {step}": report for step, report in found.items()}
    if args.stills:
        dataset = still_pairs(config)
        options = dict(max_pairs=args.max_stills, flow=flow, progress=progress)
        reports["stills"] = measure_stills(encoder, dataset, **options)
    for title, report in reports.items():
        counts = f"{report.people} people, {report.points} joints"
        print(f"{title}: {report.pairs} pairs of images, {counts}")
    show(reports)
    if args.out is not None:
        source = dict(
            config=str(args.config),
            checkpoint=str(args.checkpoint),
            annotations=args.ann_file,
            videos=args.videos,
            starts=args.starts,
            long_side=args.long_side,
            flow_long_side=args.flow_long_side,
        )
        found = {title: as_record(report) for title, report in reports.items()}
        write_json(args.out, dict(source, found=found))
        print(f"written to {args.out}")


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    return run_tool(flags(), run, argv)


if __name__ == "__main__":
    sys.exit(main())
