"""A file in the layout of PoseTrack18: ``images``, ``annotations`` and ``categories``."""

from pathlib import Path

import numpy as np

from mmpose_temporal.structures import (
    POSETRACK18,
    UNTRACKED,
    Skeleton,
)
from mmpose_temporal.utils.text import shown, shown_name

from .categories import person_category
from .content import FileContent, FileFrame, Wanted, location, to_xyxy
from .fields import (
    LARGEST,
    file_name,
    flag,
    integer,
    integers,
    label,
    optional_number,
    record_list,
)
from .tables import boxes, optional_table, polygon, table

LATEST = 1e12
"""Seconds of a ``time`` (seconds since 1970 are about 2e9)."""

VISIBILITY_FIELD = "keypoints_is_visible"
"""Additional field of a person converted from PoseTrack17: its ``is_visible`` of the keypoints,
-1 if it says nothing. The layout's own third number means "annotated"."""

HIDDEN_FIELD = "keypoints_hidden"
"""Additional field of a person in synthetic videos: 1 for a joint that is annotated although
another person or an object hides it, else 0."""


def read_layout18(
    path: Path,
    content: dict,
    wanted: Wanted,
    dtype: type,
    skeleton: Skeleton | None = POSETRACK18,
) -> FileContent:
    """Take what is wanted.

    Args:
        path: The file, for error texts.
        content: Its document, with ``images`` and ``annotations``.
        wanted: ``file_name``, ``frame_id``, ``size`` of images; ``track_id``, ``keypoints``,
            ``scores``, ``bbox``, ``bbox_head``, ``score``, ``area``, ``iscrowd``,
            ``keypoints_is_visible``, ``keypoints_hidden`` of people.
        dtype: Of the numbers.
        skeleton: See :func:`person_category`.

    Raises:
        ValueError: A field is missing or wrong, or the file has other keypoints.
    """
    category = person_category(content, path, skeleton)
    columns, size = category.columns, len(category.skeleton)
    images = record_list(content, "images", str(path))
    people = record_list(content, "annotations", str(path))
    frames, index_of = _frames(images, path, wanted)
    rows = _rows(people, index_of, path)
    order = np.argsort(rows, kind="stable")
    rows, people = rows[order], [people[index] for index in order]
    labels = [label(person, "annotation") for person in people]
    places = [location(path, frames, *pair) for pair in zip(rows, labels, strict=True)]
    ids = _annotation_ids(people, category.number, places)

    def numbers_of(field: str, count: int, empty: bool = False) -> np.ndarray:
        if field in wanted.required:
            return table(people, field, count, places, dtype)
        if field not in wanted:
            return np.full((len(people), count), np.nan, dtype)
        return optional_table(people, field, count, places, dtype, empty=empty)

    if "scores" in wanted.required and people and not any(p.get("scores") for p in people):
        raise ValueError(
            f"{places[0]}: 'scores' must hold {len(columns)} numbers, and is empty in the whole "
            "file, as in annotations: give predictions (track_poses.py writes annotated poses "
            "with scores)"
        )

    def joints_of(field: str, channels: int, absent: float) -> np.ndarray:
        values = numbers_of(field, channels * len(columns), empty=True)
        result = np.full((len(people), size, channels), absent, dtype)
        result[:, columns] = values.reshape(-1, len(columns), channels)
        return result

    hidden = joints_of(HIDDEN_FIELD, 1, np.nan)[..., 0]
    wrong = ~(np.isin(hidden, (0, 1)) | np.isnan(hidden)).all(1)
    if wrong.any():
        raise ValueError(f"{places[wrong.argmax()]}: '{HIDDEN_FIELD}' must hold 0 and 1")
    scores = joints_of("scores", 1, 0)[..., 0]
    # Who has no scores has none of the joints either that the file does not list.
    scores[np.isnan(scores[:, columns]).all(1)] = np.nan
    known = "track_id" in wanted.required
    return FileContent(
        path=path,
        video_ids=_video_ids(images, path),
        frames=frames,
        rows=rows,
        labels=labels,
        keypoints=np.nan_to_num(joints_of("keypoints", 3, 0), copy=False),
        scores=scores,
        visibility=np.nan_to_num(joints_of(VISIBILITY_FIELD, 1, -1)[..., 0], nan=-1).astype(
            np.int8
        ),
        track_ids=integers(people, "track_id", places) if known else np.full(len(ids), UNTRACKED),
        annotation_ids=ids,
        boxes=to_xyxy(boxes(numbers_of("bbox", 4), "bbox", places)),
        head_boxes=to_xyxy(boxes(numbers_of("bbox_head", 4, empty=True), "bbox_head", places)),
        box_scores=_single_column(people, "score", places, wanted, dtype),
        areas=_single_column(people, "area", places, wanted, dtype, largest=LARGEST**2),
        crowds=_crowds(people, places, wanted),
        hidden=np.nan_to_num(hidden, nan=-1).astype(np.int8),
        skeleton=category.skeleton,
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
    where = f"{path}, frame {index} ({shown_name(name)})"
    if name is not None and name != "":
        file_name(name, "file_name", where)
    elif "file_name" in wanted.required:
        raise ValueError(f"{where}: {label(image, 'image')} has no 'file_name'")
    xs, ys = image.get("ignore_regions_x") or [], image.get("ignore_regions_y") or []
    if not isinstance(xs, list) or not isinstance(ys, list) or len(xs) != len(ys):
        raise ValueError(
            f"{where}: 'ignore_regions_x' and 'ignore_regions_y' must be two lists of the same "
            f"length, one entry for each polygon, got {shown(xs)} and {shown(ys)}"
        )
    image_id = integer(image, "id", where)
    frame_id, size, video = image_id, None, image.get("vid_id", image.get("video_id"))
    stated = tuple(
        None if image.get(field) is None else integer(image, field, where)
        for field in ("frame_index", "frame_id")
    )
    if "frame_id" in wanted and stated[1] is not None:
        frame_id = stated[1]
    if "size" in wanted and image.get("width") and image.get("height"):  # official files: neither
        size = (integer(image, "width", where), integer(image, "height", where))
        if min(size) < 0 or max(size) > LARGEST:
            raise ValueError(f"{where}: 'width' and 'height' are {size}")
    return FileFrame(
        name=name if isinstance(name, str) else "",
        image_id=image_id,
        frame_id=frame_id,
        time=optional_number(image, "time", where, largest=LATEST),
        stated=stated,
        video=video if video is None or isinstance(video, str) else shown(video),
        size=size,
        labeled=None
        if image.get("is_labeled") is None
        else flag(image, "is_labeled", where, default=True),
        regions=[polygon(x, y, "ignore_regions", where) for x, y in zip(xs, ys, strict=True)],
    )


def _rows(people: list[dict], index_of: dict[int, int], path: Path) -> np.ndarray:
    """(P,) int64, the frame of each person."""
    rows = np.empty(len(people), np.int64)
    for index, person in enumerate(people):
        image_id = person.get("image_id")
        if type(image_id) is not int or image_id not in index_of:
            where = f"{path}, {label(person, 'annotation')}"
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
        if found != category or isinstance(found, bool):
            raise ValueError(f"{place}: 'category_id' is {shown(found)}, not {category}, a person")
    return ids


def _video_ids(images: list[dict], path: Path) -> tuple[str, ...]:
    """The different ``vid_id``, sorted."""
    found = set()
    for index, image in enumerate(images):
        value = image.get("vid_id")
        text = value if isinstance(value, str) else shown(value)
        known = isinstance(value, str | int | None) and not isinstance(value, bool)
        if not known or not text.isprintable():
            raise ValueError(
                f"{path}, frame {index} ({shown_name(image.get('file_name'))}): 'vid_id' must be "
                f"plain text or an integer, got {shown(value)}"
            )
        if value is not None:
            found.add(text)
    return tuple(sorted(found))


def _crowds(people: list[dict], places: list[str], wanted: Wanted) -> np.ndarray:
    """(P,) bool."""
    if "iscrowd" not in wanted:
        return np.zeros(len(people), bool)
    pairs = zip(people, places, strict=True)
    return np.array([flag(p, "iscrowd", place, default=False) for p, place in pairs], bool)


def _single_column(
    people: list[dict],
    field: str,
    places: list[str],
    wanted: Wanted,
    dtype: type,
    largest: float = LARGEST,
) -> np.ndarray:
    """(P,) of a field with one number."""
    if field not in wanted:
        return np.full(len(people), np.nan, dtype)
    wrapped = [{field: None if p.get(field) is None else [p[field]]} for p in people]
    return optional_table(wrapped, field, 1, places, dtype, largest=largest)[:, 0]
