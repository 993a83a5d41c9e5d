"""A data set in the PoseTrack18 layout, small enough to make again in every test."""

import os
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from mmpose_temporal.structures import KEYPOINT_NAMES
from mmpose_temporal.utils import atomic_write, write_json

from .models import template_keypoints

SKELETON = [[17, 15], [15, 13], [16, 14], [14, 12], [6, 8], [8, 10], [7, 9], [9, 11], [2, 1]]
"""Pairs of keypoint numbers, counted from 1 as in COCO's files."""


def write_tiny_posetrack(
    root: str | os.PathLike,
    *,
    videos: Mapping[str, int] | None = None,
    people: int = 2,
    size: tuple[int, int] = (64, 48),
    split: str = "val",
    seed: int = 0,
) -> Path:
    """Write frames and annotations of a few people that walk from left to right.

    Person ``p`` (track id ``p``) has the box ``[3 + 20 p + t, 6, 15 + 20 p + t, 38]`` at frame
    ``t`` for the default size (width 12/64, height 32/48 and place scale with it; people share
    the width), the keypoints of :func:`template_keypoints` in it, all visible but the ears, and
    the head box above its shoulders, 1/4 of its height. The colours are drawn by ``seed``.
    Frame ``t`` of the n-th video has the id ``10000 n + t`` (n from 1).

    Files: ``images/SPLIT/VIDEO/000000.png``, ``annotations/SPLIT/VIDEO.json``, the same merged
    into ``annotations/posetrack18_SPLIT.json``, and the boxes as detections with score 0.9 in
    ``detections_SPLIT.json``.

    Args:
        root: Data root; made if missing.
        videos: Name -> number of frames. Default: ``{'v1': 5, 'v2': 3}``.
        people: People per frame, 0 to 3.
        size: Width and height of the frames in pixels.
        split: ``'train'`` or ``'val'``.
        seed: Of the colours.

    Returns:
        The root.

    Raises:
        ValueError: More people than fit.
    """
    if not 0 <= people <= 3:
        raise ValueError(f"0 to 3 tiny people fit into a frame, got {people}")
    root = Path(root)
    rng = np.random.default_rng(seed)
    merged: dict[str, list] = dict(images=[], annotations=[])
    videos = {"v1": 5, "v2": 3} if videos is None else videos
    for number, (name, num_frames) in enumerate(videos.items(), start=1):
        colours = rng.integers(60, 256, (people + 1, 3))
        content: dict[str, list] = dict(images=[], annotations=[])
        for index in range(num_frames):
            image_id = 10000 * number + index
            boxes = _boxes(people, index, size)
            file_name = f"images/{split}/{name}/{index:06d}.png"
            _write_frame(root / file_name, boxes, colours, size)
            content["images"].append(_image(image_id, file_name, index, number, num_frames, size))
            content["annotations"] += [_annotation(image_id, p, b) for p, b in enumerate(boxes)]
        write_json(root / "annotations" / split / f"{name}.json", _with_category(content))
        for key, records in content.items():
            merged[key] += records
    write_json(root / "annotations" / f"posetrack18_{split}.json", _with_category(merged))
    detections = [
        dict(image_id=a["image_id"], category_id=1, bbox=a["bbox"], score=0.9)
        for a in merged["annotations"]
    ]
    write_json(root / f"detections_{split}.json", detections)
    return root


def _boxes(people: int, index: int, size: tuple[int, int]) -> np.ndarray:
    x = 3 + 20 * np.arange(people) + index
    boxes = np.stack([x, np.full(people, 6), x + 12, np.full(people, 38)], axis=1)
    return (boxes * (np.array([*size, *size]) / (64, 48, 64, 48))).astype(np.float32)


def _write_frame(
    path: Path, boxes: np.ndarray, colours: np.ndarray, size: tuple[int, int]
) -> None:
    """Grey ground, a person a filled box with white joints; PNG, so pixels stay exact."""
    image = np.full((size[1], size[0], 3), 40, np.uint8)
    for box, colour in zip(boxes.round().astype(int).tolist(), colours.tolist(), strict=False):
        cv2.rectangle(image, box[:2], box[2:], colour, -1)
    for x, y in template_keypoints(boxes).reshape(-1, 2).round().astype(int).tolist():
        cv2.circle(image, (x, y), 0, (255, 255, 255), -1)
    with atomic_write(path, "wb") as file:
        file.write(cv2.imencode(".png", image)[1].tobytes())


def _image(
    image_id: int, file_name: str, index: int, video: int, num_frames: int, size: tuple[int, int]
) -> dict:
    return dict(
        id=image_id,
        frame_id=image_id,
        vid_id=f"{video:06d}",
        file_name=file_name,
        nframes=num_frames,
        is_labeled=True,
        has_no_densepose=True,
        ignore_regions_x=[],
        ignore_regions_y=[],
        width=size[0],
        height=size[1],
    )


def _annotation(image_id: int, person: int, box: np.ndarray) -> dict:
    keypoints = np.ones((len(KEYPOINT_NAMES), 3))
    keypoints[:, :2] = template_keypoints(box)[0]
    keypoints[[i for i, name in enumerate(KEYPOINT_NAMES) if name.endswith("ear")]] = 0
    x, y, width, height = [*box[:2].tolist(), *(box[2:] - box[:2]).tolist()]
    return dict(
        id=image_id * 100 + person,
        image_id=image_id,
        track_id=person,
        category_id=1,
        iscrowd=0,
        bbox=[x, y, width, height],
        area=width * height,
        bbox_head=[x + width / 4, y, width / 2, height / 4],
        keypoints=keypoints.round(4).reshape(-1).tolist(),
        num_keypoints=int(keypoints[:, 2].sum()),
        scores=[],
    )


def _with_category(content: dict) -> dict:
    person = dict(
        id=1,
        name="person",
        supercategory="person",
        keypoints=list(KEYPOINT_NAMES),
        skeleton=SKELETON,
    )
    return dict(content, categories=[person])
