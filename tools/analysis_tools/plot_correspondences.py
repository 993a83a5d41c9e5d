r"""Draw where a correspondence network (CorrTrack) finds the joints of one image in another.

A row for each joint: the first image with the joint marked, the second one under the network's
affinity, on a logarithmic scale from chance to all in one cell, and under the confidence that its
refinement makes of it (without one: the affinity within a cell). A red ring is where the joint is
found, with its score in the title; a green cross is the true place, where that is annotated.

The images are two frames of an annotated video (--ann-file, --images, --video, --frames), two
image files with points of the first one (--pair, --point), or the two views of a pair of the
config's val_dataloader (--still).

    python tools/analysis_tools/plot_correspondences.py CONFIG CHECKPOINT --out FILE.png \
        --ann-file PATH --images FOLDER --video V --frames 0 5 --keypoints left_knee right_wrist
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mmpose_temporal_cli import add_config_options, add_frame_order, add_overwrite, run_tool

if TYPE_CHECKING:
    import numpy as np
    from mmengine.config import Config

    from mmpose_temporal.apis.asked_points import Question
    from mmpose_temporal.apis.correspondences import FoundPair
    from mmpose_temporal.models.correspondences import CorrespondenceEncoder

MAX_ROWS = 5
"""Joints that are drawn if none are named."""


def flags() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "config", help="config of a CorrespondenceNetwork, or of a tracker with one"
    )
    parser.add_argument("checkpoint", help="its weights")
    parser.add_argument("--out", required=True, type=Path, help="picture, .png or .jpg")
    add_overwrite(parser)
    video = parser.add_argument_group("two frames of a video")
    video.add_argument(
        "--ann-file", metavar="PATH", help="annotated videos (PoseTrack18 layout): folder or file"
    )
    video.add_argument("--images", metavar="FOLDER", help="folder that the frames' paths begin in")
    video.add_argument("--video", metavar="NAME", help="name of the video")
    video.add_argument(
        "--frames", type=int, nargs=2, metavar=("T", "U"), help="positions of both, from 0"
    )
    add_frame_order(parser)
    pair = parser.add_argument_group("two image files")
    pair.add_argument("--pair", type=Path, nargs=2, metavar=("FIRST", "SECOND"))
    pair.add_argument(
        "--point",
        type=float,
        nargs=2,
        action="append",
        metavar=("X", "Y"),
        help="pixels of the first image; may be given several times, at most once per joint",
    )
    stills = parser.add_argument_group("a pair of stills")
    stills.add_argument("--still", type=int, metavar="N", help="position of the pair, from 0")
    parser.add_argument(
        "--person", type=int, metavar="ID", help="track id, or number of the group of a still"
    )
    parser.add_argument(
        "--keypoints",
        nargs="+",
        metavar="NAME_OR_INDEX",
        help=f"which; without it, {MAX_ROWS} of those whose true place is known",
    )
    parser.add_argument(
        "--long-side",
        type=int,
        metavar="PIXELS",
        help="that the longer side of a frame is scaled to; without it, as in the config, or 512",
    )
    parser.add_argument(
        "--width", type=int, default=360, help="of each picture, pixels (default: %(default)s)"
    )
    parser.add_argument("--device", help="as cpu or cuda:0; without it, the best there is")
    add_config_options(parser)
    return parser


def check(args: argparse.Namespace) -> None:
    """Options that do not go together.

    Raises:
        ValueError: What to do.
    """
    ways = [args.frames is not None, args.pair is not None, args.still is not None]
    if sum(ways) != 1:
        raise ValueError("give one of --frames (a video), --pair (two files) and --still")
    if args.width < 64:
        raise ValueError(f"--width must be 64 pixels or more, got {args.width}")
    of_video = {"--ann-file": args.ann_file, "--images": args.images, "--video": args.video}
    given = [name for name, value in of_video.items() if value is not None]
    if ways[0] and len(given) < len(of_video):
        raise ValueError(f"--frames needs {', '.join(of_video)}")
    if not ways[0] and given:
        raise ValueError(f"{', '.join(given)} go with --frames")
    if not ways[0] and args.frame_order != "auto":
        raise ValueError("--frame-order goes with --frames")
    if ways[2] and args.long_side is not None:
        raise ValueError("--long-side is not for --still, whose views are taken as they are")
    if ways[1] != (args.point is not None):
        raise ValueError("--pair and --point go together: name the points of the first image")
    if ways[1] and (args.person is not None or args.keypoints is not None):
        raise ValueError("--person and --keypoints are not for --pair, whose points have no names")


def ask(args: argparse.Namespace, config: Config, encoder: CorrespondenceEncoder) -> Question:
    """What the arguments ask.

    Raises:
        ValueError: Bad input.
    """
    from mmpose_temporal.apis.asked_points import ask_files, ask_still, ask_video
    from mmpose_temporal.apis.correspondences import still_pairs

    if args.pair is not None:
        return ask_files(args.pair, args.point, encoder)
    if args.still is not None:
        return ask_still(still_pairs(config), args.still)
    where = args.ann_file, args.images, args.video, args.frames
    return ask_video(*where, frame_order=args.frame_order)


def picture(
    question: Question, found: FoundPair, row: int, points: list[int], args: argparse.Namespace
) -> tuple[np.ndarray, list[str]]:
    """The picture, and a line for each point."""
    import numpy as np
    import torch

    from mmpose_temporal.models.correspondences import lift
    from mmpose_temporal.visualization import PointPicture, draw_correspondences

    pair, panels, notes = question.pair, [], []
    lifted = lift(torch.from_numpy(found.raw_maps[row])).numpy()
    for k in points:
        joint = int(np.flatnonzero(found.places == k)[0])
        truth = np.where(pair.known[row, k], pair.targets[row, k], np.nan)
        places = found.raw_points[row, joint], found.points[row, joint]
        scores = found.raw_scores[row, joint], found.scores[row, joint]
        panels.append(
            PointPicture(
                name=_name(question, row, k),
                query=pair.queries[row, k],
                raw=lifted[joint],
                refined=found.maps[row, joint],
                raw_found=places[0],
                found=places[1],
                truth=truth,
                raw_score=float(scores[0]),
                score=float(scores[1]),
            )
        )
        errors = [np.linalg.norm(place - truth) for place in places]
        note = "" if np.isnan(errors).any() else ", {:.1f} and {:.1f} pixels off".format(*errors)
        note = "affinity {:.2f}, confidence {:.2f}".format(*scores) + note
        notes.append(f"{_name(question, row, k)}: {note}")
    who = "" if args.pair else f", {pair.names[row]}"
    image, other = (image[..., ::-1] for image in question.images)
    drawn = draw_correspondences(
        image,
        other,
        panels,
        cell=found.cell,
        titles=question.titles,
        raw_title="affinity {:.2f}, log scale",
        headline=question.headline + who,
        width=args.width,
    )
    return drawn, notes


def _name(question: Question, row: int, index: int) -> str:
    """Of a point; random points have no names."""
    group = question.pair.names[row].startswith("points") and question.long_side is not None
    return f"point {index}" if group else question.names[index]


def run(args: argparse.Namespace) -> None:
    """Write the picture.

    Raises:
        ValueError: Bad input.
    """
    from mmpose_temporal.apis.asked_points import choose_points
    from mmpose_temporal.apis.correspondences import build_encoder, embed, find_pair
    from mmpose_temporal.engine.command_line import read_config
    from mmpose_temporal.utils import require_free
    from mmpose_temporal.visualization import save_picture

    check(args)
    inputs = [args.config, args.checkpoint, *(args.pair or ())]
    require_free([args.out], overwrite=args.overwrite, inputs=inputs)
    config = read_config(args.config, args.cfg_options)
    encoder = build_encoder(config, args.checkpoint, long_side=args.long_side, device=args.device)
    question = ask(args, config, encoder)
    if question.skeleton is not None:
        encoder.use_skeleton(question.skeleton)
    row, points = choose_points(
        question,
        encoder.network.chosen.places,
        person=args.person,
        keypoints=args.keypoints,
        limit=len(args.point or ()) or MAX_ROWS,
    )
    source, target = embed(encoder, question.images, question.long_side)
    found = find_pair(encoder, source, target, question.pair)
    drawn, notes = picture(question, found, row, points, args)
    save_picture(args.out, drawn)
    print(f"{args.out}: {drawn.shape[1]} x {drawn.shape[0]} pixels")
    for note in notes:
        print(note)


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    return run_tool(flags(), run, argv)


if __name__ == "__main__":
    sys.exit(main())
