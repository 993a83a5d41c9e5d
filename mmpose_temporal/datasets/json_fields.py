"""Fields of JSON files that come from strangers: typed, finite, or an error that names them."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np


def load_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
        ValueError: It is not JSON, as when it is truncated.
    """
    try:
        with path.open(encoding="utf-8") as file:
            return json.load(file)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not valid JSON (truncated?): {error}") from error


def integer(record: dict, field: str, where: str) -> int:
    """A whole number that fits into 64 bits.

    Args:
        record: Holds the field.
        field: Its name.
        where: What an error says before the field: file, frame, record.

    Raises:
        ValueError: It is absent, no number, not whole, or too large.
    """
    value = record.get(field)
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not math.isfinite(value)
        or value != int(value)
    ):
        raise ValueError(f"{where}: '{field}' must be an integer, got {value!r}")
    if abs(value) >= 2**63:
        raise ValueError(f"{where}: '{field}' must fit into 64 bits, got {value!r}")
    return int(value)


def numbers(value: Any, field: str, where: str) -> np.ndarray:
    """A list of finite numbers, (n,) float32.

    Raises:
        ValueError: It is something else.
    """
    try:
        array = np.array(value, dtype=np.float32).reshape(-1)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where}: '{field}' is not a list of numbers") from error
    if not np.isfinite(array).all():
        raise ValueError(f"{where}: '{field}' holds a value that is not a finite number")
    return array


def box_xyxy(value: Any, field: str, where: str) -> np.ndarray:
    """A box given as x, y, width, height; (4,) float32 xyxy.

    Raises:
        ValueError: It is not four finite numbers.
    """
    box = numbers(value, field, where)
    if box.size != 4:
        raise ValueError(f"{where}: '{field}' needs 4 numbers (x, y, w, h), got {value}")
    box[2:] += box[:2]
    return box
