"""MATLAB structures as plain Python."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import loadmat, whosmat

from mmpose_temporal.utils.text import shown

from .mat_elements import check_elements

HDF5 = b"\x89HDF\r\n\x1a\n"
"""What a MATLAB 7.3 file has after its head of 512 bytes."""


def load_mat(path: str | Path, variable: str) -> Any:
    """A variable of a .mat file: structs as lists of dicts, cells as object arrays, text as str.

    Raises:
        FileNotFoundError: No such file.
        ValueError: The file cannot be read, or has no such variable.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} {'is a folder: give a .mat file' if path.is_dir() else 'does not exist'}"
        )
    data = path.read_bytes()
    if not data:
        raise ValueError(f"{path} is not a readable .mat file: it is empty")
    if HDF5 in (data[:8], data[512:520]):
        raise ValueError(f"{path} is a MATLAB 7.3 file (HDF5); save it with -v7 in MATLAB")
    try:
        check_elements(data, variable)  # scipy takes them on trust, and may end the process
        content = loadmat(BytesIO(data), variable_names=[variable])
        if variable in content:
            return _plain(content[variable])
        known = [name for name, *_ in whosmat(BytesIO(data))]
    except Exception as error:  # scipy raises many kinds on a damaged file
        text = " ".join(str(error).split())[:200] or type(error).__name__
        raise ValueError(f"{path} is not a readable .mat file (truncated?): {text}") from error
    raise ValueError(f"{path} has no variable {variable!r}, only {shown(known)}")


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
