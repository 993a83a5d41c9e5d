"""One video's file in the PoseTrack18 layout, as poseval reads it."""

from pathlib import Path
from typing import Any

import numpy as np

from mmpose_temporal.structures import KEYPOINT_NAMES

from .file_fields import (
    FileContent,
    FileFrame,
    integer,
    location,
    records_of,
    region_of,
    table,
    track_ids,
)
from .functional import JOINT_NAMES


def _keypoint_names(content: dict, path: Path) -> tuple[int | None, tuple[str, ...]]:
    """Id of the one category and the names of its keypoints."""
    if "categories" not in content:
        return None, KEYPOINT_NAMES
    categories = records_of(content, "categories", str(path))
    names = [category.get("name") for category in categories]
    if names != ["person"]:
        raise ValueError(f"{path}: 'categories' must hold one category 'person', found {names}")
    keypoints = categories[0].get("keypoints")
    if not isinstance(keypoints, list) or len(keypoints) not in (15, 17):
        raise ValueError(f"{path}: 'categories' must name 17 (or 15) keypoints, found {keypoints}")
    missing = [name for name in JOINT_NAMES if name not in keypoints]
    if missing:
        raise ValueError(f"{path}: 'categories' lacks the keypoints {', '.join(missing)}")
    return categories[0].get("id"), tuple(keypoints)


def _frame_18(image: dict, path: Path, index: int) -> FileFrame:
    name = image.get("file_name")
    where = f"{path}, frame {index} ({name})"
    xs, ys = image.get("ignore_regions_x") or [], image.get("ignore_regions_y") or []
    if not isinstance(xs, list) or not isinstance(ys, list) or len(xs) != len(ys):
        raise ValueError(f"{where}: 'ignore_regions_x' and 'ignore_regions_y' do not fit")
    return FileFrame(
        name=str(name),
        has_name=isinstance(name, str),
        labeled=bool(image.get("is_labeled", True)),
        regions=[region_of(x, y, where) for x, y in zip(xs, ys, strict=True)],
    )


def read_posetrack18(path: Path, content: dict, predicted: bool) -> FileContent:
    """Take what the evaluation needs.

    Args:
        path: The file, for error texts.
        content: Its document, with ``images`` and ``annotations``.
        predicted: Whether joint scores are wanted, else head boxes.

    Raises:
        ValueError: A field is missing or wrong.
    """
    category, names = _keypoint_names(content, path)
    images = records_of(content, "images", str(path))
    people = records_of(content, "annotations", str(path))
    frames = [_frame_18(image, path, index) for index, image in enumerate(images)]
    index_of: dict[int, int] = {}
    for index, image in enumerate(images):
        image_id = integer(image, "id", location(path, frames, index))
        if image_id in index_of:
            raise ValueError(
                f"{location(path, frames, index)}: 'id' {image_id} stands twice in 'images'"
            )
        index_of[image_id] = index
    videos = sorted({str(image["vid_id"]) for image in images if "vid_id" in image})
    if len(videos) > 1:
        raise ValueError(f"{path}: 'vid_id' names several videos {videos}; one file is one video")

    rows = np.array([_frame_of(person, index_of, path) for person in people], np.int64)
    order = np.argsort(rows, kind="stable")
    rows, people = rows[order], [people[index] for index in order]
    labels = [f"annotation {person.get('id')}" for person in people]
    places = [location(path, frames, *pair) for pair in zip(rows, labels, strict=True)]
    _check_annotations(people, category, places)
    columns = [names.index(name) for name in JOINT_NAMES]
    points = table(people, "keypoints", 3 * len(names), places).reshape(-1, len(names), 3)
    points = points[:, columns]
    scores = boxes = None
    if predicted:
        scores = table(people, "scores", len(names), places)[:, columns]
    else:
        boxes = table(people, "bbox_head", 4, places)
        boxes[:, 2:] += boxes[:, :2]
    return FileContent(
        path=path,
        video_id=videos[0] if videos else None,
        frames=frames,
        rows=rows,
        names=labels,
        keypoints=points[..., :2],
        present=(points != 0).any(-1),
        track_ids=track_ids(people, places),
        head_boxes=boxes,
        scores=scores,
    )


def _frame_of(person: dict, index_of: dict[int, int], path: Path) -> int:
    where = f"{path}, annotation {person.get('id')}"
    image_id = integer(person, "image_id", where)
    if image_id not in index_of:
        raise ValueError(f"{where}: 'image_id' {image_id} is not listed in 'images'")
    return index_of[image_id]


def _check_annotations(people: list[dict], category: int | None, places: list[str]) -> None:
    seen: set[Any] = set()
    for person, place in zip(people, places, strict=True):
        number = person.get("id")
        if number is not None and (not isinstance(number, int) or number in seen):
            raise ValueError(f"{place}: 'id' must be an integer that no other annotation has")
        seen.add(number)
        found = person.get("category_id", category)
        if category is not None and found != category:
            raise ValueError(f"{place}: 'category_id' is {found!r}, not {category}, a person")
