"""Draw what a tracker of known poses compares in a frame: match scores, and attention.

The scores of the people of a frame with all remembered poses are written as OUT. With a tracker
that compares by PoseEntailment, OUT's name with "-attention" behind it gets, for a person and an
earlier pose, the attention that each joint receives in the chosen layers and heads.
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

    from mmpose_temporal.datasets import VideoAnnotation
    from mmpose_temporal.models import PoseEntailment
    from mmpose_temporal.visualization.frame_matches import FrameMatches


def flags() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", help="config of a PoseOnlyTracker")
    parser.add_argument("poses", help="folder of per-video JSON files (PoseTrack18 layout)")
    parser.add_argument("--video", required=True, help="name of the video")
    parser.add_argument("--frame", required=True, type=int, help="position in it, from 0")
    parser.add_argument("--out", required=True, type=Path, help="picture, .png or .jpg")
    add_overwrite(parser)
    parser.add_argument("--checkpoint", help="weights of a similarity that learns")
    parser.add_argument(
        "--images", help="folder that the frames' paths begin in; poses are drawn on them"
    )
    parser.add_argument(
        "--pair",
        type=int,
        nargs=2,
        metavar=("ROW", "COLUMN"),
        help="whose attention: row and column of the scores, from 0; else the highest score",
    )
    parser.add_argument("--layers", type=int, nargs="+", help="from 0; without it, the last")
    parser.add_argument("--heads", type=int, nargs="+", help="from 0; without it, all")
    add_frame_order(parser)
    add_config_options(parser)
    return parser


def chosen(name: str, wanted: list[int] | None, usual: list[int], count: int) -> list[int]:
    """Layers or heads.

    Raises:
        ValueError: There is no such one.
    """
    wanted = usual if wanted is None else wanted
    if not all(0 <= index < count for index in wanted):
        raise ValueError(f"--{name} must be 0 to {count - 1}, got {wanted}")
    return wanted


def picture_of_scores(matches: FrameMatches, headline: str) -> np.ndarray:
    """Rows: people of the frame; columns: remembered poses."""
    from mmpose_temporal.visualization import draw_scores, figure_image

    figure = draw_scores(
        matches.scores,
        [f"id {i}" if i >= 0 else "no id" for i in matches.poses.track_ids],
        [
            f"id {i}, t - {age}"
            for i, age in zip(matches.remembered.track_ids, matches.ages, strict=True)
        ],
        headline=headline,
    )
    return figure_image(figure)


def frames_of_pair(
    video: VideoAnnotation, frame: int, age: int, images: str | None
) -> list[np.ndarray] | None:
    """The current and the earlier frame, RGB; tracks age in searched frames only."""
    from mmpose_temporal.datasets import LoadVideoFrame
    from mmpose_temporal.utils import safe_join

    if images is None:
        return None
    searched = [i for i, f in enumerate(video.frames[: frame + 1]) if f.is_labeled or f.people]
    load, found = LoadVideoFrame(on_error="raise"), []
    for index in (searched[-1], searched[-1 - age]):
        path = str(safe_join(images, video.frames[index].file_name))
        item = dict(img_path=path, video_id=video.video_id, frame_index=index)
        loaded = load(dict(item, annotated_size=video.frames[index].size))
        found.append(loaded["img"][..., ::-1])
    return found


def picture_of_attention(
    similarity: PoseEntailment,
    matches: FrameMatches,
    video: VideoAnnotation,
    args: argparse.Namespace,
) -> np.ndarray:
    """The chosen layers and heads of a pair."""
    import numpy as np

    from mmpose_temporal.structures import POSETRACK18
    from mmpose_temporal.visualization import draw_attention, figure_image, received_attention

    shape = matches.scores.shape
    if not min(shape):
        raise ValueError(f"{shape[0]} people and {shape[1]} remembered poses: there is no pair")
    best = np.unravel_index(np.nan_to_num(matches.scores, nan=-1).argmax(), shape)
    row, column = args.pair or map(int, best)
    if not (0 <= row < shape[0] and 0 <= column < shape[1]):
        raise ValueError(f"--pair must be below {shape}, got {[row, column]}")
    maps = matches.attention(similarity, row, column)
    layers = chosen("layers", args.layers, [len(maps) - 1], len(maps))
    heads = chosen("heads", args.heads, list(range(maps.shape[1])), maps.shape[1])
    chosen_joints = similarity.chosen
    joints, places = np.array(chosen_joints.joints), chosen_joints.places
    seen = np.stack([matches.current["visible"][row], matches.previous["visible"][column]])
    # Links between joints of the layout, as links between those that are looked at.
    links = np.zeros((0, 2), np.int64)
    if chosen_joints.layout == POSETRACK18.keypoint_names:
        place = np.full(len(POSETRACK18), -1)
        place[joints] = np.arange(len(joints))
        links = place[POSETRACK18.links]
    pair = matches.poses.keypoints[row], matches.remembered.keypoints[column]
    age, score = int(matches.ages[column]), matches.scores[row, column]
    figure = draw_attention(
        received_attention(maps[layers][:, heads], seen),
        np.stack(pair)[:, places],
        seen,
        links[(links >= 0).all(1)],
        titles=[[f"layer {layer}, head {head}" for head in heads] for layer in layers],
        headline=f"{video.video_id}, frame {args.frame}: id {matches.poses.track_ids[row]} and "
        f"id {matches.remembered.track_ids[column]} of t - {age}, match score {score:.2f}",
        images=frames_of_pair(video, args.frame, age, args.images),
    )
    return figure_image(figure)


def run(args: argparse.Namespace) -> None:
    """Write the pictures.

    Raises:
        ValueError: Bad input.
    """
    from mmpose_temporal.apis import build_pose_only_tracker
    from mmpose_temporal.datasets import load_videos
    from mmpose_temporal.engine.command_line import read_config
    from mmpose_temporal.models import PoseEntailment
    from mmpose_temporal.utils import require_free
    from mmpose_temporal.visualization import save_picture
    from mmpose_temporal.visualization.frame_matches import frame_matches

    require_free([args.out], overwrite=args.overwrite)
    config = read_config(args.config, args.cfg_options)
    tracker = build_pose_only_tracker(config, args.checkpoint)
    similarity = tracker.association.similarity
    attends = isinstance(similarity, PoseEntailment)
    if not attends and (args.pair or args.layers or args.heads):
        raise ValueError(
            "--pair, --layers and --heads are for PoseEntailment; the tracker compares by "
            f"{type(similarity).__name__}"
        )
    skeleton = tracker.stated_skeleton
    [video] = load_videos(
        args.poses,
        videos=[args.video],
        need_ids=False,
        skeleton=skeleton,
        frame_order=args.frame_order,
    )
    matches = frame_matches(tracker, video, args.frame, images=args.images)
    pictures = {args.out: picture_of_scores(matches, f"{args.video}, frame {args.frame}")}
    if attends:
        path = args.out.with_stem(f"{args.out.stem}-attention")
        pictures[path] = picture_of_attention(similarity, matches, video, args)
    frames = [] if args.images is None else [Path(args.images, f.file_name) for f in video.frames]
    require_free(pictures, overwrite=args.overwrite, inputs=frames)
    for path, picture in pictures.items():
        save_picture(path, picture)
        print(f"{path}: {picture.shape[1]} x {picture.shape[0]} pixels")


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    return run_tool(flags(), run, argv)


if __name__ == "__main__":
    sys.exit(main())
