"""Arrays of fields of files: one row for each record, see :mod:`.fields`."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from .fields import LARGEST, numbers, sizes_of_box


def table(
    records: Sequence[dict],
    field: str,
    size: int,
    places: Sequence[str],
    dtype: type = np.float64,
    *,
    largest: float = LARGEST,
) -> np.ndarray:
    """(P, size) of a field that all records have; see :func:`numbers`."""
    rows = [record.get(field) for record in records]
    if {*map(type, rows)} <= {list} and {*map(len, rows)} <= {size}:
        flat = list(chain.from_iterable(rows))
        if {*map(type, flat)} <= {int, float}:
            try:
                array = np.array(flat, np.float64).reshape(-1, size)
            except OverflowError:  # an integer beyond float
                array = np.array([[np.nan]])
            if (np.abs(array) <= largest).all():
                return array.astype(dtype)
    # One by one they show which is wrong.
    pairs = zip(rows, places, strict=True)
    found = [numbers(row, field, size, place, largest=largest) for row, place in pairs]
    return np.array(found, dtype).reshape(-1, size)


def boxes(values: np.ndarray, field: str, places: Sequence[str]) -> np.ndarray:
    """(P, 4) x, y, width, height as they are; rows of NaN are people without box.

    Raises:
        ValueError: A width or height is negative.
    """
    wrong = (values[:, 2:] < 0).any(1)
    if wrong.any():
        row = int(wrong.argmax())
        sizes_of_box(values[row], field, places[row])
    return values


def optional_table(
    records: Sequence[dict],
    field: str,
    size: int,
    places: Sequence[str],
    dtype: type = np.float64,
    *,
    empty: bool = False,
    largest: float = LARGEST,
) -> np.ndarray:
    """(P, size) of a field; rows of records that do not have it are NaN.

    Args:
        records: P records.
        field: Its name.
        size: How many numbers it holds.
        places: Of the records, for error texts.
        dtype: Of the result.
        empty: An empty list is no value, too.
        largest: No number is further from 0.

    Raises:
        ValueError: A record has it, but not as ``size`` finite numbers.
    """
    absent = (None, []) if empty else (None,)
    there = [index for index, record in enumerate(records) if record.get(field) not in absent]
    if len(there) == len(records):
        return table(records, field, size, places, dtype, largest=largest)
    result = np.full((len(records), size), np.nan, dtype)
    if there:
        chosen, where = [records[i] for i in there], [places[i] for i in there]
        result[there] = table(chosen, field, size, where, dtype, largest=largest)
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
