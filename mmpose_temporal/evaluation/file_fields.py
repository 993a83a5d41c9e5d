"""What is read of a video's file, and checks of its fields.

P people in all T frames of the file. Coordinates are image pixels, float64.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

INT64 = np.iinfo(np.int64)
"""Range of ids: they are kept as int64."""


@dataclass(frozen=True, eq=False)
class FileFrame:
    """One frame of a file.

    Attributes:
        name: Path of the image as in the file, or what stands for it in error texts.
        has_name: Whether the file names the image.
        labeled: The file's ``is_labeled``; True where absent.
        listed: The file lists people here, with joints or not.
        regions: Ignore regions, (V, 2) float64 each.
    """

    name: str
    has_name: bool = True
    labeled: bool = True
    listed: bool = False
    regions: list[np.ndarray] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class FileContent:
    """What the evaluation needs of a file; people in the order of frame and file.

    Attributes:
        path: The file.
        video_id: The file's ``vid_id``, None where it has none.
        frames: T frames.
        rows: (P,) int64, frame of each person.
        names: P names of people for error texts.
        keypoints: (P, 15, 2).
        present: (P, 15) bool.
        track_ids: (P,) int64.
        head_boxes: (P, 4) xyxy, of ground truth.
        scores: (P, 15), of predictions.
    """

    path: Path
    video_id: str | None
    frames: list[FileFrame]
    rows: np.ndarray
    names: list[str]
    keypoints: np.ndarray
    present: np.ndarray
    track_ids: np.ndarray
    head_boxes: np.ndarray | None
    scores: np.ndarray | None

    def where(self, person: int) -> str:
        """File, frame and person, for an error text."""
        return location(self.path, self.frames, self.rows[person], self.names[person])


def location(path: Path, frames: Sequence[FileFrame], frame: int, person: str = "") -> str:
    """File, frame and person, for an error text."""
    return f"{path}, frame {frame} ({frames[frame].name}){', ' if person else ''}{person}"


def records_of(record: dict, name: str, where: str) -> list[dict]:
    """A field that is a list of records, checked."""
    value = record.get(name)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError(f"{where}: '{name}' must be a list of records")
    return value


def integer(record: dict, name: str, where: str) -> int:
    """A field that is an integer of 64 bits, checked."""
    value = record.get(name)
    if isinstance(value, list) and len(value) == 1:  # PoseTrack17 wraps numbers in lists
        value = value[0]
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise ValueError(f"{where}: '{name}' must be an integer, got {record.get(name)!r}")
    if not INT64.min <= int(value) <= INT64.max:
        raise ValueError(f"{where}: '{name}' {int(value)} does not fit in 64 bits; use other ids")
    return int(value)


def numbers(value: Any, name: str, size: int | None, where: str) -> np.ndarray:
    """Check a list of finite numbers: (size,) float64; None: any size."""
    try:
        array = np.array(value, np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where}: '{name}' must be a list of numbers") from error
    if value is None or array.ndim != 1 or size not in (None, array.size):
        found = "none" if value is None else f"{array.size}"
        wanted = "a list of" if size is None else size
        raise ValueError(f"{where}: '{name}' must hold {wanted} numbers, found {found}")
    if not np.isfinite(array).all():
        raise ValueError(f"{where}: '{name}' holds NaN or infinity")
    return array


def table(records: list[dict], name: str, size: int, places: list[str]) -> np.ndarray:
    """(P, size) float64 of a field of all people."""
    try:
        array = np.array([record[name] for record in records], np.float64).reshape(-1, size)
        if len(array) == len(records) and np.isfinite(array).all():
            lengths = {len(record[name]) for record in records}
            if lengths <= {size}:
                return array
    except (KeyError, TypeError, ValueError):
        pass  # the rows one by one tell which is wrong
    rows = [numbers(r.get(name), name, size, p) for r, p in zip(records, places, strict=True)]
    return np.array(rows).reshape(-1, size)


def region_of(xs: Any, ys: Any, where: str) -> np.ndarray:
    """An ignore region, (V, 2), V >= 3 or 0."""
    x, y = (numbers(v, "ignore_regions", None, where) for v in (xs, ys))
    if len(x) != len(y) or len(x) in (1, 2):
        raise ValueError(
            f"{where}: 'ignore_regions' holds a polygon of {len(x)} x and {len(y)} y coordinates; "
            "it needs three or more corners"
        )
    return np.stack([x, y], 1)


def track_ids(people: list[dict], places: list[str]) -> np.ndarray:
    """(P,) int64 track ids."""
    ids = [integer(p, "track_id", where) for p, where in zip(people, places, strict=True)]
    return np.array(ids, np.int64)
