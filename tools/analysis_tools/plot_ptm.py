"""Draw what the memory of poses (PTM) reads for a point in a frame of a video, and what it stored.

OUT gets the crop of a person in the frame, with the point, and the crops of the stored frames with
the attention of that point over their cells; above each is its share of the attention, or, of
CoDA, which is not normalised, the sum of its weights. OUT's name with "-quality" behind it gets
the quality of the person's keypoints in all frames so far, with the thresholds, and what was
saved, replaced and stored.

    python tools/analysis_tools/plot_ptm.py CONFIG CHECKPOINT --video V --frame T --out FILE.png
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
    from mmpose_temporal.models.trackers import PoseTracker
    from mmpose_temporal.structures import Skeleton
    from mmpose_temporal.visualization.watch_memory import WatchedMemory

ENLARGED = 3
"""Crops are small: pixels of the picture for one of a crop."""


def flags() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", help="config of a PoseTracker with PersonMemory")
    parser.add_argument("checkpoint", help="its weights")
    parser.add_argument(
        "--video", required=True, help="name of a video of the config's test_dataloader.dataset"
    )
    parser.add_argument("--frame", required=True, type=int, help="position in it, from 0")
    parser.add_argument("--out", required=True, type=Path, help="picture, .png or .jpg")
    add_overwrite(parser)
    parser.add_argument(
        "--track",
        type=int,
        metavar="ID",
        help="the person's track id; without it, who has --point in the smallest box, or who read "
        "the most entries",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--keypoint",
        metavar="NAME_OR_INDEX",
        help="the point is the place of this keypoint; without it and --point, of the one with "
        "the lowest quality",
    )
    where.add_argument(
        "--point", type=float, nargs=2, metavar=("X", "Y"), help="the point, in image pixels"
    )
    parser.add_argument("--head", type=int, help="from 0; without it, the mean of all heads")
    parser.add_argument("--device", help="as cpu or cuda:0; without it, the best there is")
    add_config_options(parser)
    return parser


def keypoint_index(text: str | None, skeleton: Skeleton) -> int | None:
    """A keypoint by its name or number.

    Raises:
        ValueError: There is none of that name or number.
    """
    names = skeleton.keypoint_names
    if text is None:
        return None
    if text.isdecimal():
        if int(text) >= len(names):
            raise ValueError(f"keypoints are 0 to {len(names) - 1}, there is no {text}")
        return int(text)
    if text not in names:
        raise ValueError(f"no keypoint is called {text}; there are {', '.join(names)}")
    return names.index(text)


def person_at(watched: WatchedMemory, point: np.ndarray) -> int:
    """The track id of the person whose box, the smallest of several, has the point.

    Raises:
        ValueError: Nobody's has.
    """
    import numpy as np

    boxes = watched.record.boxes
    inside = ((boxes[:, :2] <= point) & (point <= boxes[:, 2:])).all(1)
    if not inside.any():
        raise ValueError(
            f"the point {tuple(point.tolist())} lies in nobody's box in frame {watched.index}: "
            "give the person by --track"
        )
    sides = boxes[:, 2:] - boxes[:, :2]
    size = np.where(inside, sides.prod(1), np.inf)
    return int(watched.record.track_ids[size.argmin()])


def crop(
    tracker: PoseTracker, dataset: PoseTrackVideoDataset, index: int, box: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A person as the estimator sees it, RGB and enlarged, and corner and sides in the image."""
    import cv2

    from mmpose_temporal.visualization.watch_frame import frame_image

    found = tracker.cropper(frame_image(dataset, index), box[None])
    image = cv2.resize(found.images[0], None, fx=ENLARGED, fy=ENLARGED)
    sides = found.scales[0]
    return image, found.centers[0] - sides / 2, sides


def picture_of_attention(
    watched: WatchedMemory,
    tracker: PoseTracker,
    dataset: PoseTrackVideoDataset,
    row: int,
    args: argparse.Namespace,
) -> tuple[np.ndarray, str, int | None]:
    """The picture, its caption, and the keypoint whose place the point is."""
    import numpy as np

    from mmpose_temporal.visualization import EntryPicture, draw_memory, figure_image
    from mmpose_temporal.visualization.watch_memory import cell_of

    record, skeleton, index = watched.record, dataset.skeleton, watched.index
    image, corner, sides = crop(tracker, dataset, index, record.boxes[row])
    keypoint = keypoint_index(args.keypoint, skeleton)
    if args.point is not None:
        point = (np.array(args.point) - corner) / sides
        name = f"({args.point[0]:g}, {args.point[1]:g})"
    else:
        if keypoint is None:
            scored = skeleton.scored
            keypoint = int(scored[record.quality[row, scored].argmin()])
        point, name = record.places[row, keypoint].astype(float), skeleton.keypoint_names[keypoint]
        name = f"{name} (quality {record.quality[row, keypoint]:.2f})"
    found, grid, signed = watched.attention(row, point), watched.grid(), watched.signed
    heads = len(found[0].weights)
    if args.head is not None and not 0 <= args.head < heads:
        raise ValueError(f"--head must be 0 to {heads - 1}, got {args.head}")
    track_id, entries = int(record.track_ids[row]), []
    for entry in found:
        weights = entry.weights.mean(0) if args.head is None else entry.weights[args.head]
        then = watched.records[entry.frame]
        places = then.places[entry.row][then.replaced[entry.row]]
        share = f"{weights.sum():+.3g}" if signed else f"{weights.sum():.0%}"
        other = int(then.track_ids[entry.row])
        who = "" if other == track_id else f", id {other}"
        entries.append(
            EntryPicture(
                image=crop(tracker, dataset, entry.frame, then.boxes[entry.row])[0],
                weights=weights,
                title=f"t - {index - entry.frame}{who}: {share}",
                replaced=np.array([cell_of(place, grid) for place in places], int).reshape(-1, 2),
            )
        )
    which = "mean of the heads" if args.head is None else f"head {args.head}"
    kind = "CoDA" if signed else "vanilla attention"
    text = f"id {track_id}, {name}: {kind}, {which}"
    headline = f"{args.video}, frame {index}, {text}"
    title = f"t = {index}"
    figure = draw_memory(image, point, entries, signed=signed, title=title, headline=headline)
    return figure_image(figure), f"{text}, {len(entries)} entries", keypoint


def picture_of_qualities(
    watched: WatchedMemory, skeleton: Skeleton, track_id: int, keypoint: int | None, video: str
) -> tuple[np.ndarray, str]:
    """The picture and its caption."""
    from mmpose_temporal.visualization import draw_qualities, figure_image

    course, neck = watched.course(track_id), watched.neck
    figure = draw_qualities(
        course.frames,
        course.quality,
        course.replaced,
        course.stored,
        skeleton.keypoint_names,
        high_thr=neck.high_thr,
        low_thr=neck.low_thr,
        heatmap_thr=neck.heatmap_thr,
        keypoint=keypoint,
        headline=f"{video}, id {track_id}",
    )
    return figure_image(figure), (
        f"{int(course.stored.sum())} of {len(course.frames)} frames with id {track_id} stored, "
        f"{int(course.replaced.sum())} keypoints replaced"
    )


def run(args: argparse.Namespace) -> None:
    """Write the pictures.

    Raises:
        ValueError: Bad input.
    """
    import numpy as np

    from mmpose_temporal.apis import build_pose_tracker, load_test_video
    from mmpose_temporal.engine.command_line import read_config
    from mmpose_temporal.utils import require_free
    from mmpose_temporal.visualization import save_picture
    from mmpose_temporal.visualization.watch_memory import watch_memory

    require_free([args.out], overwrite=args.overwrite)
    config = read_config(args.config, args.cfg_options)
    dataset = load_test_video(config, args.video)
    keypoint_index(args.keypoint, dataset.skeleton)
    tracker = build_pose_tracker(config, args.checkpoint, device=args.device)
    watched = watch_memory(tracker, dataset, args.frame)
    track_id = args.track
    if track_id is None and args.point is not None:
        track_id = person_at(watched, np.array(args.point))
    row = watched.person(track_id)
    *attention, keypoint = picture_of_attention(watched, tracker, dataset, row, args)
    track_id = int(watched.record.track_ids[row])
    path = args.out.with_stem(f"{args.out.stem}-quality")
    pictures = {
        args.out: attention,
        path: picture_of_qualities(watched, dataset.skeleton, track_id, keypoint, args.video),
    }
    frames = [dataset.get_data_info(index)["img_path"] for index in range(len(dataset))]
    require_free(pictures, overwrite=args.overwrite, inputs=frames)
    for path, (picture, note) in pictures.items():
        save_picture(path, picture)
        print(f"{path}: {picture.shape[1]} x {picture.shape[0]} pixels; {note}")


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    return run_tool(flags(), run, argv)


if __name__ == "__main__":
    sys.exit(main())
