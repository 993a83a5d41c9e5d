"""A file in the layout of PoseTrack17, mat or json: ``annolist``, one record for each frame.

A frame has ``image.name``, ``is_labeled``, ``ignore_regions`` (polygons of ``point`` with x and y)
and ``annorect``, one record for each person: the head box ``x1, y1, x2, y2``, ``track_id``,
``score``, and ``annopoints.point`` with ``id``, ``x``, ``y`` and ``is_visible`` (annotations) or
``score`` (predictions). Numbers are wrapped in lists in the json (``"x": [394]``).
"""

from pathlib import Path

import numpy as np

from mmpose_temporal.structures import (
    KEYPOINT_NAMES,
    NUM_KEYPOINTS,
    POSETRACK17_JOINTS,
    POSETRACK18,
    UNTRACKED,
    Skeleton,
    refuse_keypoints,
)
from mmpose_temporal.utils.text import shown_name

from .content import FileContent, FileFrame, Wanted, location
from .fields import file_name, flag, integer, integers, number, optional_number, structs
from .tables import polygon

TO_18 = np.array([KEYPOINT_NAMES.index(name) for name in POSETRACK17_JOINTS])
"""Index in the 17 keypoints of each PoseTrack17 id."""


def read_layout17(
    path: Path, records: list[dict], wanted: Wanted, dtype: type, skeleton: Skeleton | None = None
) -> FileContent:
    """Take what is wanted; people without joints are counted and have no row.

    Args:
        path: The file, for error texts.
        records: Its ``annolist``.
        wanted: ``file_name``, ``track_id``, ``scores``, ``score``, ``bbox_head``, see
            :func:`~.layout18.read_layout18`.
        dtype: Of the numbers.
        skeleton: The keypoints that are asked for; this layout has PoseTrack's.

    Raises:
        ValueError: A field is missing or wrong; or other keypoints are asked for.
    """
    if skeleton is not None and not skeleton.same_keypoints(KEYPOINT_NAMES):
        raise ValueError(
            refuse_keypoints("what is stated", skeleton, f"{path} (PoseTrack17)", POSETRACK18)
        )
    frames, people, rows, labels, joints = [], [], [], [], []
    listed = 0
    for index, record in enumerate(records):
        frame, rects = _frame(record, path, index, wanted)
        frames.append(frame)
        listed += len(rects)
        for position, rect in enumerate(rects):
            label = f"annorect {position}"
            points = _points(rect, location(path, frames, index, label))
            if points:
                people.append(rect)
                rows.append(index)
                labels.append(label)
                joints.append(points)
    places = [location(path, frames, *pair) for pair in zip(rows, labels, strict=True)]
    count = len(people)
    keypoints = np.zeros((count, NUM_KEYPOINTS, 3), dtype)
    scores = np.full((count, NUM_KEYPOINTS), np.nan, dtype)
    visibility = np.full((count, NUM_KEYPOINTS), -1, np.int8)
    for row, (points, place) in enumerate(zip(joints, places, strict=True)):
        _joints(points, place, wanted, keypoints[row], scores[row], visibility[row])
    none = np.full((count, 4), np.nan, dtype)
    known = "track_id" in wanted.required
    return FileContent(
        path=path,
        video_ids=(),
        frames=frames,
        rows=np.array(rows, np.int64),
        labels=labels,
        keypoints=keypoints,
        scores=scores,
        visibility=visibility,
        track_ids=integers(people, "track_id", places, wrapped=True)
        if known
        else np.full(count, UNTRACKED),
        annotation_ids=np.full(count, -1, np.int64),
        boxes=none,
        head_boxes=_head_boxes(people, places, wanted, dtype),
        box_scores=_box_scores(people, places, wanted, dtype),
        areas=none[:, 0],
        crowds=np.zeros(count, bool),
        hidden=np.full((count, NUM_KEYPOINTS), -1, np.int8),
        without_joints=listed - count,
        skeleton=POSETRACK18 if skeleton is None else skeleton,
    )


def _frame(record: dict, path: Path, index: int, wanted: Wanted) -> tuple[FileFrame, list[dict]]:
    """The frame and the records of its people."""
    pictures = structs(record, "image", f"{path}, frame {index}")
    name = pictures[0].get("name") if pictures else None
    where = f"{path}, frame {index} ({shown_name(name)})"
    if "file_name" in wanted.required and (len(pictures) != 1 or not isinstance(name, str)):
        raise ValueError(f"{where}: 'image' must be one record with a 'name'")
    if isinstance(name, str) and name:
        file_name(name, "name", where)
    regions = []
    for region in structs(record, "ignore_regions", where):
        corners = structs(region, "point", where)
        xs, ys = (
            [number(corner, axis, where, wrapped=True) for corner in corners] for axis in "xy"
        )
        regions.append(polygon(xs, ys, "ignore_regions", where))
    rects = structs(record, "annorect", where)
    labeled = record.get("is_labeled")
    frame = FileFrame(
        name=name if isinstance(name, str) else "",
        labeled=None
        if labeled is None
        else flag(record, "is_labeled", where, default=True, wrapped=True),
        listed=len(rects) > 0,
        regions=regions,
    )
    return frame, rects


def _points(person: dict, where: str) -> list[dict]:
    """The joints of a person; none if the file gives none."""
    groups = structs(person, "annopoints", where)
    return [point for group in groups for point in structs(group, "point", where)]


def _joints(
    points: list[dict],
    where: str,
    wanted: Wanted,
    keypoints: np.ndarray,
    scores: np.ndarray,
    visibility: np.ndarray,
) -> None:
    """Fill in the 17 keypoints, scores and visibilities of a person."""
    for point in points:
        joint = integer(point, "id", where, wrapped=True)
        if not 0 <= joint < len(TO_18):
            raise ValueError(f"{where}: 'id' {joint} of a joint is not one of PoseTrack17's 0..14")
        place, target = f"{where}, joint {POSETRACK17_JOINTS[joint]}", TO_18[joint]
        if keypoints[target, 2]:
            raise ValueError(f"{place} stands twice")
        keypoints[target] = (
            number(point, "x", place, wrapped=True),
            number(point, "y", place, wrapped=True),
            1,
        )
        if "scores" in wanted.required:
            scores[target] = number(point, "score", place, wrapped=True)
        elif "scores" in wanted:
            score = optional_number(point, "score", place, wrapped=True)
            scores[target] = np.nan if score is None else score
        if "is_visible" in wanted:
            seen = optional_number(point, "is_visible", place, wrapped=True)
            visibility[target] = -1 if seen is None else seen > 0


def _head_boxes(people: list[dict], places: list[str], wanted: Wanted, dtype: type) -> np.ndarray:
    """(P, 4) xyxy, NaN if a person has none; the corners may be in any order."""
    boxes = np.full((len(people), 4), np.nan, dtype)
    if "bbox_head" not in wanted:
        return boxes
    sides = ("x1", "y1", "x2", "y2")
    for row, (person, place) in enumerate(zip(people, places, strict=True)):
        if "bbox_head" not in wanted.required and all(person.get(side) is None for side in sides):
            continue
        boxes[row] = [number(person, side, place, wrapped=True) for side in sides]
    low, high = np.minimum(boxes[:, :2], boxes[:, 2:]), np.maximum(boxes[:, :2], boxes[:, 2:])
    return np.concatenate([low, high], axis=1)


def _box_scores(people: list[dict], places: list[str], wanted: Wanted, dtype: type) -> np.ndarray:
    """(P,), NaN if the file has none."""
    found = [
        optional_number(person, "score", place, wrapped=True) if "score" in wanted else None
        for person, place in zip(people, places, strict=True)
    ]
    return np.array([np.nan if value is None else value for value in found], dtype)
