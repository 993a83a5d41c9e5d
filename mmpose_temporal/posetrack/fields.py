"""Fields of files that come from strangers: typed, finite, or an error that names them.

One set of checks for all readers and converters. With ``wrapped`` numbers may be wrapped, as
PoseTrack17 and MATLAB write them: ``5``, ``[5]`` and a 1x1 matrix are the number 5. ``where`` is
what an error says before the field: file, frame, record. Arrays are in :mod:`.tables`.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmpose_temporal.utils.file_kinds import other_than_json
from mmpose_temporal.utils.foreign_files import describe_foreign
from mmpose_temporal.utils.text import shown, shown_name

INT64 = np.iinfo(np.int64)
"""Range of ids: they are kept as int64."""

LARGEST = 1e7
"""No coordinate, size or score is further from 0 (choice: no image is as large, and squares of
such numbers and their sums stay finite in float32)."""

LONGEST_NAME, LONGEST_PART = 4096, 255
"""Bytes of a path and of a part of it: what common file systems take."""


def load_json(path: Path) -> Any:
    """The content of a JSON file in UTF-8, UTF-16 or UTF-32, with or without byte order mark.

    Raises:
        OSError: It cannot be opened.
        ValueError: It is not JSON, as if it is truncated, empty or of another kind (a video, a
            checkpoint, an archive, a web page, a Git LFS pointer); or a record has a field twice.
    """
    with path.open("rb") as file:
        head = file.read(64)
        other = other_than_json(path, head)
        if other is not None:  # said before a video of gigabytes is read
            raise ValueError(f"{path} is not valid JSON: it {other}")
        data = head + file.read()
    if not data.strip():
        raise ValueError(f"{path} is not valid JSON: the file is empty")
    try:
        return json.loads(data, object_pairs_hook=_record)
    except RecursionError as error:
        raise ValueError(f"{path} is not valid JSON: nested too deeply") from error
    except ValueError as error:  # JSON's and UTF-8's errors are ValueErrors
        foreign = describe_foreign(head, text=False)
        if foreign is not None:
            raise ValueError(f"{path} is not valid JSON: it {foreign}") from error
        text = " ".join(str(error).split())
        raise ValueError(f"{path} is not valid JSON (truncated?): {text[:200]}") from error


def _record(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"a record has the field {shown(twice)} twice")
    return record


def record_list(record: dict, field: str, where: str) -> list[dict]:
    """A field that is a list of records.

    Raises:
        ValueError: It is absent or something else.
    """
    value = record.get(field)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError(f"{where}: '{field}' must be a list of records")
    return value


def structs(record: dict, field: str, where: str) -> list[dict]:
    """The structs of a field of PoseTrack17 or MATLAB; an absent or empty field has none.

    Raises:
        ValueError: The field holds something else.
    """
    value = record.get(field)
    if value is None or (isinstance(value, str | list) and len(value) == 0):
        return []
    if isinstance(value, np.ndarray) and (value.size == 0 or _is_fieldless(value)):
        return []
    found = [value] if isinstance(value, dict) else value
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise ValueError(f"{where}: '{field}' must be a list of records")
    return found


def _is_fieldless(value: np.ndarray) -> bool:
    """A MATLAB struct without fields, which scipy gives as an object array of None."""
    return value.dtype == object and all(cell is None for cell in value.reshape(-1))


def _single(value: Any, wrapped: bool) -> Any:
    """The number of a wrapped number; None of an empty list; else the value as it is."""
    if not wrapped:
        return value
    if isinstance(value, np.ndarray):
        value = value.reshape(-1).tolist()
    if isinstance(value, list) and len(value) < 2:
        return value[0] if value else None
    return value


def optional_number(
    record: dict, field: str, where: str, *, largest: float = LARGEST, wrapped: bool = False
) -> float | None:
    """The number of a field; None if it is absent.

    Raises:
        ValueError: It is no single finite number.
    """
    value = _single(record.get(field), wrapped)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{where}: '{field}' must be a number, got {shown(record[field])}")
    if not abs(value) <= largest:
        raise ValueError(f"{where}: '{field}' {_what_is_wrong([value], largest)}")
    return float(value)


def number(record: dict, field: str, where: str, *, wrapped: bool = False) -> float:
    """As :func:`optional_number`, for a field that must be there.

    Raises:
        ValueError: It is absent or no single finite number.
    """
    value = optional_number(record, field, where, wrapped=wrapped)
    if value is None:
        raise ValueError(f"{where}: '{field}' is missing")
    return value


def integer(record: dict, field: str, where: str, *, wrapped: bool = False) -> int:
    """A whole number that fits into 64 bits.

    Raises:
        ValueError: It is absent, no number, not whole, or too large.
    """
    value = _single(record.get(field), wrapped)
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or (isinstance(value, float) and not (math.isfinite(value) and value.is_integer()))
    ):
        raise ValueError(f"{where}: '{field}' must be an integer, got {shown(record.get(field))}")
    if not INT64.min <= int(value) <= INT64.max:
        raise ValueError(
            f"{where}: '{field}' {shown(int(value))} does not fit in 64 bits; use other ids"
        )
    return int(value)


def integers(
    records: Sequence[dict], field: str, places: Sequence[str], *, wrapped: bool = False
) -> np.ndarray:
    """(P,) int64 of a field of all records; see :func:`integer`."""
    values = [record.get(field) for record in records]
    if all(type(value) is int for value in values):
        try:
            return np.array(values, np.int64)
        except OverflowError:
            pass  # one by one, they show which is wrong
    pairs = zip(records, places, strict=True)
    found = [integer(record, field, place, wrapped=wrapped) for record, place in pairs]
    return np.array(found, np.int64)


def flag(record: dict, field: str, where: str, *, default: bool, wrapped: bool = False) -> bool:
    """A yes or no: a boolean or a number; ``default`` if it is absent.

    Raises:
        ValueError: It is something else.
    """
    value = _single(record.get(field), wrapped)
    if value is None:
        return default
    if not isinstance(value, bool | int | float) or value != value:
        raise ValueError(f"{where}: '{field}' must be true, false or a number, got {shown(value)}")
    return bool(value)


def numbers(
    value: Any, field: str, size: int | None, where: str, *, largest: float = LARGEST
) -> np.ndarray:
    """A list of finite numbers, (size,) float64; None: of any size.

    Raises:
        ValueError: It is something else, or a number is beyond ``largest``.
    """
    wanted = "a list of" if size is None else size
    if isinstance(value, np.ndarray) and value.dtype.kind in "iuf":
        value = value.astype(np.float64).tolist()
    kinds = {*map(type, value)} if isinstance(value, list) else {type(value)}
    if isinstance(value, list) and kinds <= {int, float}:
        if size not in (None, len(value)):
            raise ValueError(f"{where}: '{field}' must hold {wanted} numbers, found {len(value)}")
        if not all(abs(number) <= largest for number in value):
            raise ValueError(f"{where}: '{field}' {_what_is_wrong(value, largest)}")
        return np.array(value, np.float64)
    if value is None:
        raise ValueError(f"{where}: '{field}' must hold {wanted} numbers, found none")
    if isinstance(value, list) and kinds == {list} and len({*map(len, value)}) == 1:
        found = f"{len(value)} lists of {len(value[0])}"
        raise ValueError(f"{where}: '{field}' must hold {wanted} numbers, found {found}")
    raise ValueError(f"{where}: '{field}' must be a list of numbers, got {shown(value)}")


def _what_is_wrong(values: Sequence[int | float], largest: float = LARGEST) -> str:
    """Of numbers that are NaN, infinite or beyond the largest."""
    worst = next(value for value in values if not abs(value) <= largest)
    if isinstance(worst, float) and not math.isfinite(worst):
        return f"holds NaN or infinity, which is not a finite number: {worst}"
    return f"holds {shown(worst)}, a number that is too large (limit: {largest:.0f})"


def sizes_of_box(box: np.ndarray, field: str, where: str) -> np.ndarray:
    """A box x, y, width, height as it is, if its sides are not negative.

    Raises:
        ValueError: They are.
    """
    if (box[2:] < 0).any():
        raise ValueError(f"{where}: '{field}' has a negative width or height: {box.tolist()}")
    return box


def file_name(value: Any, field: str, where: str) -> str:
    """A name that a file may have: text that is not empty and that a file system takes.

    Raises:
        ValueError: It is something else.
    """
    if not isinstance(value, str) or not value:
        raise ValueError(f"{where}: '{field}' must be the name of a file, got {shown(value)}")
    encoded = value.encode("utf-8", "replace")  # half a surrogate pair is no text
    longest = max(map(len, encoded.replace(b"\\", b"/").split(b"/")))
    whole = encoded.decode("utf-8") == value and "\0" not in value
    if not whole or len(encoded) > LONGEST_NAME or longest > LONGEST_PART:
        raise ValueError(f"{where}: '{field}' {shown(value)} cannot be the name of a file")
    return value


def label(record: dict, kind: str, field: str = "id") -> str:
    """What an error text calls a record: ``annotation 17``."""
    return f"{kind} {shown_name(record.get(field))}"
