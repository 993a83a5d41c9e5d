"""Points of one image that a correspondence network is asked for in another, for pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmpose_temporal.datasets.still_pair_dataset import StillPairDataset
from mmpose_temporal.models.correspondences import CorrespondenceEncoder
from mmpose_temporal.posetrack import load_videos
from mmpose_temporal.structures import Skeleton
from mmpose_temporal.utils import safe_join
from mmpose_temporal.utils.images import read_image

from .correspondences import AskedPair, frame_pair, still_pair


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """Two images and what is asked.

    Attributes:
        images: The two, (H, W, 3) uint8 BGR.
        pair: P groups of K points.
        titles: Of the images.
        headline: Of both.
        names: Of the K points.
        long_side: Pixels that the longer side is scaled to; None: as the encoder does.
        skeleton: That the K points are of, for :meth:`CorrespondenceEncoder.use_skeleton`; None:
            points of no layout.
    """

    images: list[np.ndarray]
    pair: AskedPair
    titles: tuple[str, str]
    headline: str
    names: list[str]
    long_side: int | None = None
    skeleton: Skeleton | None = None


def ask_video(
    ann_file: str | Path,
    images: str | Path,
    video: str,
    frames: Sequence[int],
    *,
    frame_order: str = "auto",
) -> Question:
    """The people of two frames of an annotated video.

    Args:
        ann_file: Folder or file (PoseTrack18 layout).
        images: Folder that the frames' paths begin in.
        video: Its name.
        frames: Positions of both, from 0.
        frame_order: See :func:`~mmpose_temporal.posetrack.load_videos`.

    Raises:
        ValueError: There is no such video or frame, or one cannot be read.
        FileNotFoundError: There is no such file.
    """
    [content] = load_videos(ann_file, videos=[video], skeleton=None, frame_order=frame_order)
    count = len(content.frames)
    if not all(0 <= index < count for index in frames):
        raise ValueError(f"the video has the frames 0 to {count - 1}, got {list(frames)}")
    both = [content.frames[index] for index in frames]
    pictures = [
        read_image(safe_join(images, frame.file_name), stated_size=frame.size) for frame in both
    ]
    sizes = ((picture.shape[1], picture.shape[0]) for picture in pictures)
    titles = tuple(f"frame {index}" for index in frames)
    names = list(content.skeleton.keypoint_names)
    pair = frame_pair(*both, *sizes)
    return Question(pictures, pair, titles, content.video_id, names, skeleton=content.skeleton)


def ask_files(
    paths: Sequence[Path], points: Sequence[Sequence[float]], encoder: CorrespondenceEncoder
) -> Question:
    """Points of an image file, as if they were the first joints of a person.

    Args:
        paths: The two files.
        points: (x, y), pixels of the first one.
        encoder: Whose network says how many there may be.

    Raises:
        ValueError: A file cannot be read, a point lies outside, or there are more points than
            joints.
    """
    images, chosen = [read_image(path) for path in paths], encoder.network.chosen
    if not 0 < len(points) <= len(chosen):
        raise ValueError(
            f"the network takes 1 to {len(chosen)} points, its joints, got {len(points)}"
        )
    size = images[0].shape[1::-1]
    for x, y in points:
        if not (-0.5 <= x < size[0] - 0.5 and -0.5 <= y < size[1] - 0.5):
            raise ValueError(
                f"the point ({x:g}, {y:g}) lies outside of {paths[0]}, which has {size[0]} x "
                f"{size[1]} pixels"
            )
    queries = np.zeros((1, chosen.num_keypoints, 2), np.float32)
    asked = np.zeros(queries.shape[:2], bool)
    places = chosen.places[: len(points)]
    queries[0, places], asked[0, places] = points, True
    pair = AskedPair(
        queries=queries,
        targets=np.full_like(queries, np.nan),
        asked=asked,
        known=np.zeros_like(asked),
        diagonals=np.full(1, np.nan, np.float32),
        ids=np.zeros(1, np.int64),
    )
    names = [f"({x:g}, {y:g})" for x, y in queries[0].tolist()]
    titles = tuple(path.name for path in paths)
    return Question(images, pair, titles, " and ".join(titles), names)


def ask_still(dataset: StillPairDataset, index: int) -> Question:
    """What a pair of stills asks.

    Args:
        dataset: From :func:`~.correspondences.still_pairs`.
        index: Of the pair.

    Raises:
        ValueError: There is none of that number, or its image cannot be read.
    """
    if not 0 <= index < len(dataset):
        raise ValueError(f"the pairs are 0 to {len(dataset) - 1}, got {index}")
    views, pair = still_pair(dataset, index)
    name = Path(dataset.get_data_info(index)["img_path"]).name
    names, size = list(dataset.skeleton.keypoint_names), views[0].shape[0]
    titles = "view 1", "view 2"
    return Question(views, pair, titles, f"pair {index}, {name}", names, size, dataset.skeleton)


def choose_points(
    question: Question,
    places: np.ndarray,
    *,
    person: int | None = None,
    keypoints: Sequence[str] | None = None,
    limit: int = 5,
) -> tuple[int, list[int]]:
    """Whose points are drawn, and which.

    Args:
        question: With P groups of K points.
        places: (J,) int64, the points that the network knows; -1: none.
        person: One of the ids. None: of people, or if there is none of the groups of points, the
            one with the most points whose true place is known.
        keypoints: Names or numbers. None: of those whose true place is known, else of all that
            are asked for, ``limit`` from the first to the last.
        limit: See ``keypoints``.

    Returns:
        Row and indices into the K points.

    Raises:
        ValueError: There is nobody of that id, or no such point, or it is not there.
    """
    pair, names = question.pair, question.names
    if not len(pair.ids):
        raise ValueError("nobody is annotated in both images")
    of_network = np.isin(np.arange(len(names)), places)
    known, asked = pair.known & of_network, pair.asked & of_network
    if person is None:
        of_people = np.isfinite(pair.diagonals) & asked.any(1)
        row = int(np.lexsort((asked.sum(1), known.sum(1), of_people))[-1])
    else:
        rows = np.flatnonzero(pair.ids == person)
        if not len(rows):
            there = ", ".join(map(str, pair.ids.tolist()))
            raise ValueError(f"nobody in both images has the number {person}; there are {there}")
        row = int(rows[0])
    if keypoints is None:
        rows = np.flatnonzero(known[row] if known[row].any() else asked[row])
        spread = np.linspace(0, len(rows) - 1, min(limit, len(rows))).round().astype(int)
        points = rows[spread].tolist()
    else:
        points = [_index(text, names) for text in keypoints]
    lacking = [names[k] for k in points if not asked[row, k]]
    if lacking or not points:
        there = ", ".join(names[k] for k in np.flatnonzero(asked[row])) or "none"
        raise ValueError(
            f"{pair.names[row]} has no {', '.join(lacking) or 'point'} in the first image, or the "
            f"network does not know it; there are {there}"
        )
    return row, points


def _index(text: str, names: Sequence[str]) -> int:
    if text.isdecimal() and int(text) < len(names):
        return int(text)
    if text not in names:
        raise ValueError(f"no keypoint is called {text}; there are {', '.join(names)}")
    return names.index(text)
