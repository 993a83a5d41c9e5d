"""A grid of frames of a written split, to look at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mmpose_temporal.posetrack.layout18 import HIDDEN_FIELD
from mmpose_temporal.posetrack.other_files import list_videos
from mmpose_temporal.structures import person_categories
from mmpose_temporal.utils import safe_join
from mmpose_temporal.utils.images import read_image

_COLOURS = [
    (60, 200, 60), (60, 90, 240), (240, 150, 40), (40, 220, 240), (230, 70, 220), (230, 230, 60),
    (120, 120, 250), (90, 170, 255),
]  # fmt: skip


def preview_grid(
    root: str | Path, split: str, *, rows: int = 6, columns: int = 5, tile_width: int = 240
) -> np.ndarray:
    """Frames of a split as one picture: one row per video, frames from first to last.

    The last column shows its frame again with the annotations: joints, limbs, body and head
    boxes, coloured by track id, and ignore regions in red.

    Args:
        root: Folder of the data set.
        split: Name of the split.
        rows: Largest number of videos.
        columns: Number of pictures in a row, at least 2.
        tile_width: Width of one picture in pixels.

    Returns:
        (H, W, 3) uint8 BGR.

    Raises:
        ValueError: When ``rows``, ``columns`` or ``tile_width`` is too small, or a frame cannot
            be decoded or has another size than stated.
        FileNotFoundError: When the split has no annotations or a frame is missing.
    """
    if rows < 1 or columns < 2 or tile_width < 32:
        raise ValueError("a preview needs rows >= 1, columns >= 2 and tile_width >= 32")
    folder = Path(root) / "annotations" / split
    files = list_videos(folder).files if folder.is_dir() else []
    if not files:
        raise FileNotFoundError(f"no annotations of split {split!r} in {root}")
    lines = []
    for path in files[:rows]:
        video = json.loads(path.read_text(encoding="utf-8"))
        images = video["images"]
        picks = np.rint(np.linspace(0, len(images) - 1, columns - 1)).astype(int)
        tiles = [_tile(Path(root), images[pick], tile_width) for pick in picks]
        last = images[picks[-1]]
        scale = tile_width / last["width"]
        tiles.append(draw_annotations(tiles[-1].copy(), video, last, scale=scale))
        lines.append(np.hstack(tiles))
    return np.vstack(lines)


def _tile(root: Path, image: dict[str, Any], width: int) -> np.ndarray:
    path = safe_join(root, image["file_name"])
    try:
        picture = read_image(path, stated_size=(image["width"], image["height"]))
    except ValueError as error:
        raise ValueError(f"cannot use {path} ({error})") from error
    height = round(picture.shape[0] * width / picture.shape[1])
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


def draw_annotations(
    picture: np.ndarray, video: dict[str, Any], image: dict[str, Any], *, scale: float = 1.0
) -> np.ndarray:
    """Draws the annotations of one image of a video into ``picture``, in place.

    Hidden joints (``keypoints_hidden``) are rings, the others discs.

    Args:
        picture: (H, W, 3) uint8 BGR.
        video: PoseTrack18 JSON of the video.
        image: Its entry in ``images``.
        scale: Size of ``picture`` relative to the image's.
    """
    for xs, ys in zip(image["ignore_regions_x"], image["ignore_regions_y"], strict=True):
        region = np.rint(np.column_stack([xs, ys]) * scale).astype(np.int32)
        cv2.polylines(picture, [region], True, (0, 0, 255), 1, cv2.LINE_AA)
    skeleton = person_categories()[0]["skeleton"]
    for entry in video["annotations"]:
        if entry["image_id"] != image["id"]:
            continue
        colour = _COLOURS[entry["track_id"] % len(_COLOURS)]
        points = np.array(entry["keypoints"]).reshape(-1, 3)
        pixels = np.rint(points[:, :2] * scale).astype(int)
        for first, second in skeleton:
            if points[first - 1, 2] and points[second - 1, 2]:
                ends = tuple(pixels[first - 1].tolist()), tuple(pixels[second - 1].tolist())
                cv2.line(picture, *ends, colour, 1, cv2.LINE_AA)
        hidden = np.array(entry.get(HIDDEN_FIELD) or np.zeros(len(points))) > 0
        there = points[:, 2] > 0
        for pixel, covered in zip(pixels[there], hidden[there], strict=True):
            size, line = (3, 1) if covered else (2, -1)
            cv2.circle(picture, tuple(pixel.tolist()), size, colour, line, cv2.LINE_AA)
        for name in ("bbox", "bbox_head"):
            x, y, w, h = (value * scale for value in entry[name])
            corners = (round(x), round(y)), (round(x + w), round(y + h))
            cv2.rectangle(picture, *corners, colour, 1)
    return picture
