"""Evaluates a folder of predictions against PoseTrack annotations.

Both are folders of JSON files, one per video, or two single files, in the PoseTrack18 or the
PoseTrack17 layout. Prints the table of the papers; docs/metrics.md says what each figure is.
Files of other keypoints than PoseTrack's name them in 'categories'; the table has their names.

Example:
    python tools/evaluate_posetrack.py data/posetrack18/annotations/val work_dirs/predictions \
        --joints annotated --out figures.json
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmpose_temporal_cli import add_frame_order, add_overwrite, run_tool


def flags() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("truth", metavar="GT", help="annotations: folder or file")
    parser.add_argument("predictions", metavar="PRED", help="predictions: folder or file")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="write the figures here")
    add_overwrite(parser)
    parser.add_argument(
        "--box-source",
        metavar="TEXT",
        help="where the boxes of the predictions came from (gt, file, detector, ...), to be "
        "recorded in --out: the prediction files do not say it",
    )
    parser.add_argument(
        "--checkpoint",
        metavar="FILE",
        help="what predicted, to be recorded in --out with its hash",
    )
    parser.add_argument(
        "--protocol",
        choices=["poseval", "strict"],
        default="poseval",
        help="poseval: as the public program, with its quirks; strict: without them",
    )
    parser.add_argument(
        "--ap-thr",
        type=float,
        default=float("-inf"),
        metavar="X",
        help="leave joints with a lower score out of AP (default: none)",
    )
    parser.add_argument(
        "--mota-thr",
        type=float,
        default=float("-inf"),
        metavar="Y",
        help="leave joints with a lower score out of all other figures (default: none)",
    )
    parser.add_argument("--per-video", action="store_true", help="also the figures of each video")
    parser.add_argument("--per-joint", action="store_true", help="also the figures of each joint")
    parser.add_argument(
        "--joints",
        choices=["all", "annotated"],
        default="all",
        help="annotated: leave joints that are never annotated out of the means",
    )
    parser.add_argument(
        "--metainfo",
        metavar="FILE",
        help="mmpose's description of the files' keypoints, such as "
        "configs/_base_/datasets/coco.py; default: the names in the annotations",
    )
    parser.add_argument(
        "--norm-item",
        choices=["head", "bbox"],
        help="what joint distances are measured in (default: the head for PoseTrack's joints and "
        "where there are head boxes, else the person's box)",
    )
    parser.add_argument(
        "--bbox-share",
        type=float,
        default=0.1,
        metavar="S",
        help="of the diagonal of the person's box, if distances are measured in it "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--hidden",
        action="store_true",
        help="also AP and recall of hidden and of seen joints apart; the annotations mark hidden "
        "joints in 'keypoints_hidden'",
    )
    add_frame_order(parser)
    parser.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes (default: one for each CPU, at most one for each video; 1 if the files "
        "hold less than 32 MB, which is faster)",
    )
    return parser


def run(args: argparse.Namespace) -> int:
    """Evaluate, print, write; 1 if a video was left out."""
    from mmpose_temporal.evaluation import (
        as_json,
        evaluate_files,
        format_joints,
        format_table,
        format_videos,
        write_results,
    )
    from mmpose_temporal.evaluation.functional import PCKH_THRESHOLD
    from mmpose_temporal.evaluation.results import run_origin
    from mmpose_temporal.posetrack import input_files
    from mmpose_temporal.structures import read_skeleton
    from mmpose_temporal.utils import refuse_inputs, require_free

    skeleton = None if args.metainfo is None else read_skeleton(dict(from_file=args.metainfo))
    if args.out is None and (args.box_source or args.checkpoint):
        raise ValueError("--box-source and --checkpoint are recorded in a file: give --out")
    origin = None
    if args.out is not None:
        require_free([args.out], overwrite=args.overwrite)
        refuse_inputs([args.out], input_files(args.truth, args.predictions))
        origin = run_origin(
            command=args.command_line,
            checkpoint=args.checkpoint,
            boxes=dict(source=args.box_source),
            data=dict(annotations=args.truth, predictions=args.predictions),
        )
    figures = evaluate_files(
        args.truth,
        args.predictions,
        protocol=args.protocol,
        joints=args.joints,
        ap_score_thr=args.ap_thr,
        mota_score_thr=args.mota_thr,
        workers=args.workers,
        skeleton=skeleton,
        norm_item=args.norm_item,
        bbox_share=args.bbox_share,
        frame_order=args.frame_order,
        hidden_joints=args.hidden,
    )
    if args.out is not None:
        videos = {name: as_json(f) for name, f in figures.videos.items()}
        write_results(
            args.out,
            as_json(figures.total),
            run=origin,
            evaluations=[figures.record],
            videos=videos if args.per_video else None,
        )
    if figures.norm_item == "bbox":
        limit = PCKH_THRESHOLD * args.bbox_share
        print(f"a joint matches within {limit:g} of the diagonal of the person's box")
    print(format_table(figures.total))
    if args.per_joint:
        print(f"\n{format_joints(figures.total, figures.record['protocol']['scored_joints'])}")
    if args.per_video:
        print(f"\n{format_videos(figures.videos)}")
    if figures.failed:
        print(f"\nfigures of {len(figures.videos)} videos")
        print("\n".join(figures.failed.lines("evaluated")))
    return 1 if figures.failed else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    return run_tool(flags(), run, argv)


if __name__ == "__main__":
    sys.exit(main())
