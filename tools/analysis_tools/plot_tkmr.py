"""Draw what keypoint matching and refinement in time (TKMR) did in a frame of a video.

OUT gets the frame and the one before it, with the matched keypoints of all people who have the
same id in both, coloured by the probability that they are of one person. OUT's name with
"-refinement" behind it gets, for a person and a keypoint, the places of that keypoint in the
frames around, and its responses before and after refinement; by default those of the keypoint
that refinement moved with the largest gain.

    python tools/analysis_tools/plot_tkmr.py CONFIG CHECKPOINT --video V --frame T --out FILE.png
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mmpose_temporal_cli import add_config_options, add_overwrite, run_tool

if TYPE_CHECKING:
    import numpy as np

    from mmpose_temporal.datasets import PoseTrackVideoDataset
    from mmpose_temporal.models.similarities import KeypointMatchingSimilarity
    from mmpose_temporal.visualization.watch_frame import KeypointChange, WatchedFrame

FRAME_WIDTH = 640
"""Pixels; smaller frames are enlarged."""

CROP_SIZE = (192, 256)
"""Of a person, width and height in pixels."""


def flags() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", help="config of a PoseTracker with KeypointMatchingSimilarity")
    parser.add_argument("checkpoint", help="its weights")
    parser.add_argument(
        "--video", required=True, help="name of a video of the config's test_dataloader.dataset"
    )
    parser.add_argument("--frame", required=True, type=int, help="position in it, from 0")
    parser.add_argument("--out", required=True, type=Path, help="picture, .png or .jpg")
    add_overwrite(parser)
    parser.add_argument("--track", type=int, metavar="ID", help="whose refinement: the track id")
    parser.add_argument("--keypoint", metavar="NAME_OR_INDEX", help="which keypoint's")
    parser.add_argument("--device", help="as cpu or cuda:0; without it, the best there is")
    add_config_options(parser)
    return parser


def keypoint_index(text: str | None) -> int | None:
    """A keypoint by its name or number.

    Raises:
        ValueError: There is none of that name.
    """
    from mmpose_temporal.structures import KEYPOINT_NAMES

    if text is None or text.isdecimal():
        return None if text is None else int(text)
    if text not in KEYPOINT_NAMES:
        raise ValueError(f"no keypoint is called {text}; there are {', '.join(KEYPOINT_NAMES)}")
    return KEYPOINT_NAMES.index(text)


def picture_of_matches(
    similarity: KeypointMatchingSimilarity, watched: WatchedFrame, dataset: PoseTrackVideoDataset
) -> tuple[np.ndarray, str]:
    """The two frames, and their captions."""
    import numpy as np

    from mmpose_temporal.visualization import draw_matches
    from mmpose_temporal.visualization.watch_frame import frame_image

    matches = watched.matches.keypoint_matches(similarity)
    shown = watched.previous, watched.index
    images = [frame_image(dataset, index) for index in shown]
    picture = draw_matches(
        *images,
        matches.earlier,
        matches.keypoints,
        matches.probabilities,
        titles=[f"{dataset.selection['videos'][0]}, frame {index}" for index in shown],
        labels=[f"id {i}" for i in matches.track_ids],
        scale=max(1, round(FRAME_WIDTH / images[1].shape[1])),
    )
    found = np.nansum(matches.probabilities, axis=1)
    scores = [f"{i} ({s:.1f})" for i, s in zip(matches.track_ids, found, strict=True)]
    return picture, f"ids in both frames, with Eq. 5: {', '.join(scores) or 'none'}"


def picture_of_refinement(
    change: KeypointChange, watched: WatchedFrame, dataset: PoseTrackVideoDataset
) -> tuple[np.ndarray, str]:
    """The path of a keypoint with its responses, and their captions."""
    from mmpose_temporal.structures import KEYPOINT_NAMES
    from mmpose_temporal.visualization import draw_refinement
    from mmpose_temporal.visualization.watch_frame import frame_image

    record, name = watched.record, f"{KEYPOINT_NAMES[change.keypoint]} of id {change.track_id}"
    needed = {watched.index, *(step.frame_index for step in record.steps)}
    picture = draw_refinement(
        record,
        {index: frame_image(dataset, index) for index in needed},
        watched.index,
        track_id=change.track_id,
        keypoint=change.keypoint,
        crop_size=CROP_SIZE,
        headline=f"frame {watched.index}: {name}",
    )
    if change.moved:
        return picture, f"{name}: moved, with a response that is {change.gain:.2f} higher"
    return picture, f"{name}: not moved, its response changed by {change.gain:+.2f}"


def run(args: argparse.Namespace) -> None:
    """Write the pictures.

    Raises:
        ValueError: Bad input.
    """
    from mmpose_temporal.apis import build_pose_tracker, load_test_video
    from mmpose_temporal.engine.command_line import read_config
    from mmpose_temporal.models.similarities import KeypointMatchingSimilarity
    from mmpose_temporal.utils import require_free
    from mmpose_temporal.visualization import save_picture
    from mmpose_temporal.visualization.watch_frame import watch_frame

    require_free([args.out], overwrite=args.overwrite)
    config = read_config(args.config, args.cfg_options)
    keypoint = keypoint_index(args.keypoint)
    dataset = load_test_video(config, args.video)
    tracker = build_pose_tracker(config, args.checkpoint, device=args.device)
    similarity = tracker.association.similarity
    if not isinstance(similarity, KeypointMatchingSimilarity):
        raise ValueError(
            "the config's tracker must match by KeypointMatchingSimilarity (TKM), and does by "
            f"{type(similarity).__name__}"
        )
    watched = watch_frame(tracker, dataset, args.frame)
    if watched.previous is None:
        raise ValueError(
            f"frame {args.frame} has no frame before it in which people were looked for, so that "
            "nothing is matched in it: give a later --frame"
        )
    pictures = {args.out: picture_of_matches(similarity, watched, dataset)}
    if watched.record is not None:
        change = watched.largest_change(track_id=args.track, keypoint=keypoint)
        path = args.out.with_stem(f"{args.out.stem}-refinement")
        pictures[path] = picture_of_refinement(change, watched, dataset)
    elif args.track is not None or keypoint is not None:
        raise ValueError(
            "--track and --keypoint say whose refinement is drawn, and the config refines nothing"
        )
    frames = [dataset.get_data_info(index)["img_path"] for index in range(len(dataset))]
    require_free(pictures, overwrite=args.overwrite, inputs=frames)
    for path, (picture, note) in pictures.items():
        save_picture(path, picture)
        print(f"{path}: {picture.shape[1]} x {picture.shape[0]} pixels; {note}")
    if watched.record is None:
        print("the config refines nothing (no model.refinement, or tau=0): one picture only")
    elif args.track is None and keypoint is None and not change.moved:
        print(f"refinement moved no keypoint of frame {args.frame}")


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    return run_tool(flags(), run, argv)


if __name__ == "__main__":
    sys.exit(main())
