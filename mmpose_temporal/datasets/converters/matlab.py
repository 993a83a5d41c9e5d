"""MATLAB structures as plain Python, and fields that are wrapped differently in mat and json."""

import math
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import loadmat


def load_mat(path: str | Path, variable: str) -> Any:
    """A variable of a .mat file: structs as lists of dicts, cells as object arrays, text as str.

    Raises:
        FileNotFoundError: No such file.
        ValueError: The file cannot be read, or has no such variable.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist")
    try:
        content = loadmat(path)
    except NotImplementedError as error:
        raise ValueError(f"{path} is a MATLAB 7.3 file; save it with -v7 in MATLAB") from error
    except Exception as error:  # scipy raises many kinds on a damaged file
        raise ValueError(f"{path} is not a readable .mat file (truncated?): {error}") from error
    if variable not in content:
        known = ", ".join(name for name in content if not name.startswith("__"))
        raise ValueError(f"{path} has no variable {variable!r}, only {known or 'none'}")
    return _plain(content[variable])


def _plain(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    if value.dtype.names is not None:
        names = value.dtype.names
        return [{n: _plain(row[n]) for n in names} for row in value.flatten(order="F")]
    if value.dtype == object:
        cells = np.empty(value.shape, object)
        for index, cell in np.ndenumerate(value):
            cells[index] = _plain(cell)
        return cells
    if value.dtype.kind == "U":
        return "".join(value.reshape(-1).tolist())
    return value


def records(record: dict, field: str, where: str) -> list[dict]:
    """The structs of a field; an absent or empty field has none.

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
        raise ValueError(f"{where}: '{field}' must hold records, got {type(value).__name__}")
    return found


def _is_fieldless(value: np.ndarray) -> bool:
    """A MATLAB struct without fields, which scipy gives as an object array of None."""
    return value.dtype == object and all(cell is None for cell in value.reshape(-1))


def number(record: dict, field: str, where: str) -> float | None:
    """The number of a field, wrapped or not (``5``, ``[5]``, a 1x1 matrix); None where absent.

    Raises:
        ValueError: It is no single finite number.
    """
    value = record.get(field)
    if value is None:
        return None
    flat = value.reshape(-1).tolist() if isinstance(value, np.ndarray) else value
    flat = flat if isinstance(flat, list) else [flat]
    if not flat:
        return None
    single = flat[0]
    if len(flat) > 1 or isinstance(single, str) or not isinstance(single, int | float):
        raise ValueError(f"{where}: '{field}' must be a number, got {value!r}")
    if not math.isfinite(single):
        raise ValueError(f"{where}: '{field}' is {single}")
    return float(single)


def required_number(record: dict, field: str, where: str) -> float:
    """As :func:`number`, for a field that must be there.

    Raises:
        ValueError: It is absent or no single finite number.
    """
    value = number(record, field, where)
    if value is None:
        raise ValueError(f"{where}: '{field}' is missing")
    return value


def required_integer(record: dict, field: str, where: str) -> int:
    """As :func:`required_number`, for a whole number.

    Raises:
        ValueError: It is absent or no whole number.
    """
    value = required_number(record, field, where)
    if value != int(value):
        raise ValueError(f"{where}: '{field}' must be an integer, got {value}")
    return int(value)


def points(record: dict, where: str) -> np.ndarray:
    """The ``point`` structs of a polygon as (P, 2) float64."""
    corners = [
        [required_number(point, axis, where) for axis in ("x", "y")]
        for point in records(record, "point", where)
    ]
    return np.array(corners, np.float64).reshape(-1, 2)
