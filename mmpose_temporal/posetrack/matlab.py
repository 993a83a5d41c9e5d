"""MATLAB structures as plain Python."""

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
