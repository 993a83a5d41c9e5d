"""One video's file in the PoseTrack17 layout, as poseval reads it."""

from pathlib import Path

import numpy as np

from mmpose_temporal.structures import POSETRACK17_JOINTS

from .file_fields import (
    FileContent,
    FileFrame,
    integer,
    location,
    numbers,
    records_of,
    region_of,
    track_ids,
)
from .functional import JOINT_NAMES, NUM_JOINTS

_COLUMN_OF_ID = np.array([JOINT_NAMES.index(name) for name in POSETRACK17_JOINTS])


def _frame_17(record: dict, path: Path, index: int) -> FileFrame:
    image = record.get("image")
    first = image[0] if isinstance(image, list) and image else image
    name = first.get("name") if isinstance(first, dict) else None
    where = f"{path}, frame {index} ({name})"
    regions = []
    for region in (
        records_of(record, "ignore_regions", where) if "ignore_regions" in record else ()
    ):
        corners = records_of(region, "point", where)
        xs, ys = ([_single(c, axis, where) for c in corners] for axis in "xy")
        regions.append(region_of(xs, ys, where))
    labeled = record.get("is_labeled", True)
    return FileFrame(
        name=str(name),
        has_name=isinstance(name, str),
        labeled=bool(labeled[0] if isinstance(labeled, list) and labeled else labeled),
        listed=len(records_of(record, "annorect", where)) > 0,
        regions=regions,
    )


def _single(record: dict, name: str, where: str) -> float:
    """The number of a field ``[number]``."""
    return float(numbers(record.get(name), name, 1, where)[0])


def _points_17(person: dict, where: str) -> list[dict] | None:
    """The joints of a person; None where the file gives none."""
    points = person.get("annopoints") or None
    if points is None or points == [{}] or (isinstance(points, list) and not points[0]):
        return None
    if not isinstance(points, list) or not isinstance(points[0], dict):
        raise ValueError(f"{where}: 'annopoints' must be a list of one record")
    return records_of(points[0], "point", where) if "point" in points[0] else None


def read_posetrack17(path: Path, records: list[dict], predicted: bool) -> FileContent:
    """Take what the evaluation needs.

    Args:
        path: The file, for error texts.
        records: Its ``annolist``.
        predicted: Whether joint scores are wanted, else head boxes.

    Raises:
        ValueError: A field is missing or wrong.
    """
    frames = [_frame_17(record, path, index) for index, record in enumerate(records)]
    people, rows, names, joints = [], [], [], []
    for index, record in enumerate(records):
        for number, person in enumerate(record["annorect"]):
            name = f"annorect {number}"
            points = _points_17(person, location(path, frames, index, name))
            if points is not None:
                people.append(person)
                rows.append(index)
                names.append(name)
                joints.append(points)
    places = [location(path, frames, *pair) for pair in zip(rows, names, strict=True)]
    keypoints = np.zeros((len(people), NUM_JOINTS, 2))
    present = np.zeros((len(people), NUM_JOINTS), bool)
    scores = np.zeros((len(people), NUM_JOINTS)) if predicted else None
    for row, (points, place) in enumerate(zip(joints, places, strict=True)):
        columns = _columns_17(points, place)
        present[row, columns] = True
        for axis, name in enumerate("xy"):
            keypoints[row, columns, axis] = [_single(p, name, place) for p in points]
        if predicted:
            scores[row, columns] = [_single(p, "score", place) for p in points]
    boxes = None
    if not predicted:
        boxes = np.array(
            [
                [_single(person, side, place) for side in ("x1", "y1", "x2", "y2")]
                for person, place in zip(people, places, strict=True)
            ]
        ).reshape(-1, 4)
    return FileContent(
        path=path,
        video_id=None,
        frames=frames,
        rows=np.array(rows, np.int64),
        names=names,
        keypoints=keypoints,
        present=present,
        track_ids=track_ids(people, places),
        head_boxes=boxes,
        scores=scores,
    )


def _columns_17(points: list[dict], where: str) -> np.ndarray:
    """Columns of the joints among the 15 scored ones."""
    ids = np.array([integer(point, "id", where) for point in points], np.int64)
    if ((ids < 0) | (ids >= NUM_JOINTS)).any() or len(np.unique(ids)) < len(ids):
        raise ValueError(f"{where}: the 'id' of the joints must be different ones of 0 to 14")
    return _COLUMN_OF_ID[ids]
