"""Fields of files that come from strangers: typed, finite, or an error that names them.

One set of checks for all readers and converters. Numbers may be wrapped, as PoseTrack17 and
MATLAB write them: ``5``, ``[5]`` and a 1x1 matrix are the number 5. ``where`` is what an error
says before the field: file, frame, record.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

INT64 = np.iinfo(np.int64)
"""Range of ids: they are kept as int64."""


def load_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
        ValueError: It is not JSON, as when it is truncated.
    """
    try:
        with path.open(encoding="utf-8") as file:
            return json.load(file)
    except (ValueError, RecursionError) as error:  # JSON's and UTF-8's errors are ValueErrors
        raise ValueError(f"{path} is not valid JSON (truncated?): {error}") from error


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
    if value is None or (isinstance(value, str | np.ndarray | list) and len(value) == 0):
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


def _single(value: Any) -> Any:
    """The number of a wrapped number; None of an empty list; else the value as it is."""
    if isinstance(value, np.ndarray):
        value = value.reshape(-1).tolist()
    if isinstance(value, list) and len(value) < 2:
        return value[0] if value else None
    return value


def optional_number(record: dict, field: str, where: str) -> float | None:
    """The number of a field; None if it is absent.

    Raises:
        ValueError: It is no single finite number.
    """
    value = _single(record.get(field))
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{where}: '{field}' must be a number, got {record[field]!r}")
    if not abs(value) <= np.finfo(np.float64).max:
        raise ValueError(f"{where}: '{field}' is not a finite number: {value}")
    return float(value)


def number(record: dict, field: str, where: str) -> float:
    """As :func:`optional_number`, for a field that must be there.

    Raises:
        ValueError: It is absent or no single finite number.
    """
    value = optional_number(record, field, where)
    if value is None:
        raise ValueError(f"{where}: '{field}' is missing")
    return value


def integer(record: dict, field: str, where: str) -> int:
    """A whole number that fits into 64 bits.

    Raises:
        ValueError: It is absent, no number, not whole, or too large.
    """
    value = _single(record.get(field))
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or (isinstance(value, float) and not (math.isfinite(value) and value.is_integer()))
    ):
        raise ValueError(f"{where}: '{field}' must be an integer, got {record.get(field)!r}")
    if not INT64.min <= int(value) <= INT64.max:
        raise ValueError(f"{where}: '{field}' {int(value)} does not fit in 64 bits; use other ids")
    return int(value)


def integers(records: Sequence[dict], field: str, places: Sequence[str]) -> np.ndarray:
    """(P,) int64 of a field of all records; see :func:`integer`."""
    values = [record.get(field) for record in records]
    if all(type(value) is int for value in values):
        try:
            return np.array(values, np.int64)
        except OverflowError:
            pass  # one by one, they show which is wrong
    found = [integer(record, field, place) for record, place in zip(records, places, strict=True)]
    return np.array(found, np.int64)


def flag(record: dict, field: str, where: str, *, default: bool) -> bool:
    """A yes or no: a boolean or a number; ``default`` if it is absent.

    Raises:
        ValueError: It is something else.
    """
    value = _single(record.get(field))
    if value is None:
        return default
    if not isinstance(value, bool | int | float):
        raise ValueError(f"{where}: '{field}' must be true, false or a number, got {value!r}")
    return bool(value)


def numbers(value: Any, field: str, size: int | None, where: str) -> np.ndarray:
    """A list of finite numbers, (size,) float64; None: of any size.

    Raises:
        ValueError: It is something else.
    """
    try:
        array = np.array(value)
    except ValueError as error:  # lists of different lengths
        raise ValueError(f"{where}: '{field}' must be a list of numbers") from error
    if value is not None and (array.dtype.kind not in "iufb" and array.size):
        raise ValueError(f"{where}: '{field}' must be a list of numbers")
    if value is None or array.ndim != 1 or size not in (None, array.size):
        found = "none" if value is None else f"{array.size}"
        wanted = "a list of" if size is None else size
        raise ValueError(f"{where}: '{field}' must hold {wanted} numbers, found {found}")
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{where}: '{field}' holds NaN or infinity")
    return array


def table(
    records: Sequence[dict], field: str, size: int, places: Sequence[str], dtype: type = np.float64
) -> np.ndarray:
    """(P, size) of a field that all records have; see :func:`numbers`."""
    try:
        array = np.array([record[field] for record in records])
        if array.shape == (len(records), size) and array.dtype.kind in "iufb":
            with np.errstate(over="ignore"):
                array = array.astype(dtype)
            if np.isfinite(array).all():
                return array
    except (KeyError, TypeError, ValueError):
        pass  # the rows one by one show which is wrong
    rows = [
        numbers(r.get(field), field, size, place) for r, place in zip(records, places, strict=True)
    ]
    with np.errstate(over="ignore"):
        array = np.array(rows).astype(dtype).reshape(-1, size)
    large = ~np.isfinite(array).all(1)
    if large.any():
        raise ValueError(
            f"{places[int(large.argmax())]}: '{field}' holds a number that is too large"
        )
    return array


def optional_table(
    records: Sequence[dict],
    field: str,
    size: int,
    places: Sequence[str],
    dtype: type = np.float64,
    *,
    empty: bool = False,
) -> np.ndarray:
    """(P, size) of a field; rows of records that do not have it are NaN.

    Args:
        records: P records.
        field: Its name.
        size: How many numbers it holds.
        places: Of the records, for error texts.
        dtype: Of the result.
        empty: An empty list is no value, too.

    Raises:
        ValueError: A record has it, but not as ``size`` finite numbers.
    """
    absent = (None, []) if empty else (None,)
    there = [index for index, record in enumerate(records) if record.get(field) not in absent]
    if len(there) == len(records):
        return table(records, field, size, places, dtype)
    result = np.full((len(records), size), np.nan, dtype)
    if there:
        chosen, where = [records[i] for i in there], [places[i] for i in there]
        result[there] = table(chosen, field, size, where, dtype)
    return result


def polygon(xs: Any, ys: Any, field: str, where: str) -> np.ndarray:
    """A polygon of lists of coordinates, (V, 2) float64 with V >= 3, or V = 0.

    One or two corners cover nothing: they are no region, V = 0.

    Raises:
        ValueError: The lists differ in length, or hold other than finite numbers.
    """
    x, y = (numbers(value, field, None, where) for value in (xs, ys))
    if len(x) != len(y):
        raise ValueError(
            f"{where}: '{field}' holds a polygon of {len(x)} x and {len(y)} y coordinates"
        )
    corners = np.stack([x, y], 1)
    return corners if len(corners) > 2 else corners[:0]
