"""From the truth of a frame to PoseTrack18's JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mmpose_temporal.posetrack import read_file
from mmpose_temporal.posetrack.fields import integer, label, load_json, numbers
from mmpose_temporal.posetrack.layout18 import HIDDEN_FIELD
from mmpose_temporal.posetrack.records import annotation_id
from mmpose_temporal.structures import NUM_KEYPOINTS, person_categories

from .config import SyntheticVideoConfig, video_name
from .video import FrameTruth
from .visibility import person_box


def image_id(index: int, frame: int) -> int:
    """Image id, unique over videos and splits: video number and four digits of the frame."""
    return index * 10_000 + frame


def _xywh(box: np.ndarray) -> list[float]:
    x0, y0, x1, y1 = (round(float(value), 2) for value in box)
    return [x0, y0, round(x1 - x0, 2), round(y1 - y0, 2)]


def _clipped(region: np.ndarray, width: int, height: int) -> np.ndarray | None:
    """Part of a convex polygon (P, 2) inside the frame, None when there is none."""
    right, bottom = width - 1, height - 1
    frame = np.array([[0, 0], [right, 0], [right, bottom], [0, bottom]], np.float32)
    area, part = cv2.intersectConvexConvex(region.astype(np.float32), frame)
    return None if area < 1.0 or part is None else part[:, 0]


def image_entry(
    truth: FrameTruth, config: SyntheticVideoConfig, *, split: str, index: int, frame: int
) -> dict[str, Any]:
    """One entry of ``images``; ignore regions are cut to the frame."""
    regions = [_clipped(r, config.width, config.height) for r in truth.ignore_regions]
    regions = [region for region in regions if region is not None]
    name = video_name(index)
    return {
        "id": image_id(index, frame),
        "frame_id": image_id(index, frame),
        "vid_id": name,
        "file_name": f"images/{split}/{name}/{frame:06d}.jpg",
        "nframes": config.num_frames,
        "is_labeled": True,
        "has_no_densepose": True,
        "ignore_regions_x": [np.round(r[:, 0].astype(float), 1).tolist() for r in regions],
        "ignore_regions_y": [np.round(r[:, 1].astype(float), 1).tolist() for r in regions],
        "width": config.width,
        "height": config.height,
    }


def person_entries(
    truth: FrameTruth, *, index: int, frame: int, hidden: bool = False
) -> list[dict[str, Any]]:
    """Entries of ``annotations`` for one frame.

    A person without a visible joint has none; one with few joints has one. A joint that is hidden
    or outside the frame is written as (0, 0, 0), as PoseTrack18 does.

    Args:
        truth: Truth of the frame.
        index, frame: Numbers of video and frame.
        hidden: Annotate hidden joints inside the frame as well: coordinates with visibility 1,
            counted in ``num_keypoints`` and in the extent of ``bbox``; every entry then has
            ``keypoints_hidden``, 17 of 0 and 1 (1: annotated although hidden). Joints outside the
            frame stay (0, 0, 0).
    """
    entries = []
    for row in np.flatnonzero(truth.visible.any(axis=1)):
        covered = truth.hidden[row] & hidden
        marked = truth.visible[row] | covered
        triples = np.column_stack([truth.keypoints[row].round(2), np.ones(len(marked))])
        head = truth.head_boxes[row]
        box = _xywh(
            person_box(truth.keypoints[row][marked], least=0.15 * float(head[3] - head[1] + 1.0))
        )
        track = int(truth.track_ids[row])
        entries.append(
            {
                "id": annotation_id(image_id(index, frame), track),
                "image_id": image_id(index, frame),
                "track_id": track,
                "category_id": 1,
                "iscrowd": 0,
                "bbox": box,
                "area": round(box[2] * box[3], 2),
                "bbox_head": _xywh(head),
                "keypoints": np.where(marked[:, None], triples, 0.0).ravel().tolist(),
                "num_keypoints": int(marked.sum()),
                "scores": [],
            }
        )
        if hidden:
            entries[-1][HIDDEN_FIELD] = covered.astype(int).tolist()
    return entries


def merge(videos: list[dict[str, Any]]) -> dict[str, Any]:
    """One COCO-style dictionary of several videos, in the given order.

    Raises:
        ValueError: When two videos share an image id.
    """
    images = [image for video in videos for image in video["images"]]
    if len({image["id"] for image in images}) != len(images):
        raise ValueError("two videos share an image id; their video numbers must differ")
    return {
        "images": images,
        "annotations": [entry for video in videos for entry in video["annotations"]],
        "categories": person_categories(),
    }


def read_annotations(path: Path) -> dict[str, Any]:
    """What :func:`~.detections.simulate_detections` reads of a file, checked.

    Raises:
        ValueError: A field is missing or wrong; the text names file, frame and field.
    """
    content = load_json(path)
    fields = ("size", "keypoints", "bbox", HIDDEN_FIELD)
    read_file(path, required=("file_name",), optional=fields, layouts=("posetrack18",))
    images = [
        image
        | {
            field: integer(image, field, f"{path}, frame {index}")
            for field in ("id", "width", "height")
        }
        for index, image in enumerate(content["images"])
    ]
    if not images:
        raise ValueError(f"{path} lists no frames")
    for index, image in enumerate(images):
        if min(image["width"], image["height"]) < 1:
            raise ValueError(f"{path}, frame {index}: 'width' and 'height' must be 1 or more")
    people = []
    for person in content["annotations"]:
        where = f"{path}, {label(person, 'annotation')}"
        if person.get("keypoints") not in (None, []):
            numbers(person["keypoints"], "keypoints", 3 * NUM_KEYPOINTS, where)
        if person.get(HIDDEN_FIELD) not in (None, []):
            numbers(person[HIDDEN_FIELD], HIDDEN_FIELD, NUM_KEYPOINTS, where)
        people.append(person | {"image_id": integer(person, "image_id", where)})
    return {"images": images, "annotations": people}
