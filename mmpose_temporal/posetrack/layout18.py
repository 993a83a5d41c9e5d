"""A file in the layout of PoseTrack18: ``images``, ``annotations`` and ``categories``."""

from pathlib import Path

import numpy as np

from mmpose_temporal.structures import KEYPOINT_NAMES, NUM_KEYPOINTS, SCORED_KEYPOINTS, UNTRACKED

from .content import FileContent, FileFrame, Wanted, location, to_xyxy
from .fields import integer, integers, optional_table, polygon, record_list, table

PERSON_CATEGORY = 1
"""Id of people if the file has no categories."""

VISIBILITY_FIELD = "keypoints_is_visible"
"""Additional field of a person converted from PoseTrack17: its ``is_visible`` of the 17 keypoints,
-1 if it says nothing. The layout's own third number means "annotated"."""


def person_category(content: dict, path: Path) -> tuple[int, tuple[str, ...]]:
    """Id of the category of people, and the names of its keypoints.

    It is the category called ``person``, or the only one. Without categories, or without names
    of keypoints, the file is taken to have the 17 keypoints of PoseTrack18 in their order.

    Raises:
        ValueError: No category is of people, or its keypoints are not PoseTrack18's 17 (or the 15
            that are scored), in any order.
    """
    if "categories" not in content:
        return PERSON_CATEGORY, KEYPOINT_NAMES
    categories = record_list(content, "categories", str(path))
    if not categories:
        return PERSON_CATEGORY, KEYPOINT_NAMES
    people = [record for record in categories if record.get("name") == "person"]
    if not people and len(categories) == 1 and "name" not in categories[0]:
        people = categories
    if len(people) != 1:
        names = [record.get("name") for record in categories]
        raise ValueError(f"{path}: 'categories' must hold one category 'person', found {names}")
    number = integer(people[0], "id", f"{path}: category 'person'")
    names = people[0].get("keypoints")
    if names is None:
        return number, KEYPOINT_NAMES
    scored = {KEYPOINT_NAMES[index] for index in SCORED_KEYPOINTS}
    known = isinstance(names, list) and all(isinstance(name, str) for name in names)
    if not known or len(set(names)) < len(names) or not scored <= set(names) <= {*KEYPOINT_NAMES}:
        raise ValueError(
            f"{path}: 'categories' must name the keypoints of PoseTrack18, all 17 or all but the "
            f"ears: {', '.join(KEYPOINT_NAMES)}; found {names}"
        )
    return number, tuple(names)


def read_layout18(path: Path, content: dict, wanted: Wanted, dtype: type) -> FileContent:
    """Take what is wanted.

    Args:
        path: The file, for error texts.
        content: Its document, with ``images`` and ``annotations``.
        wanted: ``file_name``, ``frame_id``, ``size`` of images; ``track_id``, ``keypoints``,
            ``scores``, ``bbox``, ``bbox_head``, ``score``, ``area``, ``iscrowd``,
            ``keypoints_is_visible`` of people.
        dtype: Of the numbers.

    Raises:
        ValueError: A field is missing or wrong.
    """
    category, names = person_category(content, path)
    images = record_list(content, "images", str(path))
    people = record_list(content, "annotations", str(path))
    frames, index_of = _frames(images, path, wanted)
    rows = _rows(people, index_of, path)
    order = np.argsort(rows, kind="stable")
    rows, people = rows[order], [people[index] for index in order]
    labels = [f"annotation {person.get('id')}" for person in people]
    places = [location(path, frames, *pair) for pair in zip(rows, labels, strict=True)]
    ids = _annotation_ids(people, category, places)
    columns = np.array([KEYPOINT_NAMES.index(name) for name in names])

    def numbers_of(field: str, size: int, empty: bool = False) -> np.ndarray:
        if field in wanted.required:
            return table(people, field, size, places, dtype)
        if field not in wanted:
            return np.full((len(people), size), np.nan, dtype)
        return optional_table(people, field, size, places, dtype, empty=empty)

    def joints_of(field: str, channels: int, absent: float) -> np.ndarray:
        values = numbers_of(field, channels * len(names), empty=True)
        result = np.full((len(people), NUM_KEYPOINTS, channels), absent, dtype)
        result[:, columns] = values.reshape(-1, len(names), channels)
        return result

    known = "track_id" in wanted.required
    return FileContent(
        path=path,
        video_ids=tuple(sorted({str(image["vid_id"]) for image in images if "vid_id" in image})),
        frames=frames,
        rows=rows,
        labels=labels,
        keypoints=np.nan_to_num(joints_of("keypoints", 3, 0), copy=False),
        scores=joints_of("scores", 1, 0)[..., 0],
        visibility=np.nan_to_num(joints_of(VISIBILITY_FIELD, 1, -1)[..., 0], nan=-1).astype(
            np.int8
        ),
        track_ids=integers(people, "track_id", places) if known else np.full(len(ids), UNTRACKED),
        annotation_ids=ids,
        boxes=to_xyxy(numbers_of("bbox", 4)),
        head_boxes=to_xyxy(numbers_of("bbox_head", 4, empty=True)),
        box_scores=_single_column(people, "score", places, wanted, dtype),
        areas=_single_column(people, "area", places, wanted, dtype),
        crowds=np.array(["iscrowd" in wanted and bool(p.get("iscrowd")) for p in people], bool),
    )


def _frames(
    images: list[dict], path: Path, wanted: Wanted
) -> tuple[list[FileFrame], dict[int, int]]:
    """The frames, and the position of each image id."""
    frames = [_frame(image, path, index, wanted) for index, image in enumerate(images)]
    index_of: dict[int, int] = {}
    for index, frame in enumerate(frames):
        if frame.image_id in index_of:
            raise ValueError(
                f"{location(path, frames, index)}: 'id' {frame.image_id} stands twice in 'images'"
            )
        index_of[frame.image_id] = index
    return frames, index_of


def _frame(image: dict, path: Path, index: int, wanted: Wanted) -> FileFrame:
    name = image.get("file_name")
    where = f"{path}, frame {index} ({name})"
    if "file_name" in wanted.required and not (isinstance(name, str) and name):
        raise ValueError(f"{where}: image {image.get('id')} has no 'file_name'")
    xs, ys = image.get("ignore_regions_x") or [], image.get("ignore_regions_y") or []
    if not isinstance(xs, list) or not isinstance(ys, list) or len(xs) != len(ys):
        raise ValueError(f"{where}: 'ignore_regions_x' and 'ignore_regions_y' do not fit")
    image_id = integer(image, "id", where)
    frame_id, size = image_id, None
    if "frame_id" in wanted and "frame_id" in image:
        frame_id = integer(image, "frame_id", where)
    if "size" in wanted and image.get("width") and image.get("height"):  # official files: neither
        size = (integer(image, "width", where), integer(image, "height", where))
        if min(size) < 0:
            raise ValueError(f"{where}: 'width' and 'height' are {size}")
    return FileFrame(
        name=name if isinstance(name, str) else "",
        image_id=image_id,
        frame_id=frame_id,
        size=size,
        labeled=bool(image["is_labeled"]) if "is_labeled" in image else None,
        regions=[polygon(x, y, "ignore_regions", where) for x, y in zip(xs, ys, strict=True)],
    )


def _rows(people: list[dict], index_of: dict[int, int], path: Path) -> np.ndarray:
    """(P,) int64, the frame of each person."""
    rows = np.empty(len(people), np.int64)
    for index, person in enumerate(people):
        image_id = person.get("image_id")
        if type(image_id) is not int or image_id not in index_of:
            where = f"{path}, annotation {person.get('id')}"
            image_id = integer(person, "image_id", where)
            if image_id not in index_of:
                raise ValueError(f"{where}: 'image_id' {image_id} is not listed in 'images'")
        rows[index] = index_of[image_id]
    return rows


def _annotation_ids(people: list[dict], category: int, places: list[str]) -> np.ndarray:
    """(P,) int64, -1 if the file has none; the category is looked at as well."""
    ids = np.full(len(people), -1, np.int64)
    seen: set[int] = set()
    for index, (person, place) in enumerate(zip(people, places, strict=True)):
        if person.get("id") is not None:
            ids[index] = number = integer(person, "id", place)
            if number in seen:
                raise ValueError(f"{place}: 'id' {number} stands twice in 'annotations'")
            seen.add(number)
        found = person.get("category_id", category)
        if found != category:
            raise ValueError(f"{place}: 'category_id' is {found!r}, not {category}, a person")
    return ids


def _visibility(values: np.ndarray) -> np.ndarray:
    """int8 of a table that is NaN for people without the field."""
    return np.nan_to_num(values, nan=-1).clip(-1, 1).astype(np.int8)


def _single_column(
    people: list[dict], field: str, places: list[str], wanted: Wanted, dtype: type
) -> np.ndarray:
    """(P,) of a field with one number."""
    if field not in wanted:
        return np.full(len(people), np.nan, dtype)
    wrapped = [{field: None if p.get(field) is None else [p[field]]} for p in people]
    return optional_table(wrapped, field, 1, places, dtype)[:, 0]
