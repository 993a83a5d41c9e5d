"""Damaged .mat files: scipy alone ends the process on some of them."""

import struct

import numpy as np
import pytest
from scipy.io import savemat

from mmpose_temporal.posetrack.mat_elements import check_elements
from mmpose_temporal.posetrack.matlab import load_mat


@pytest.fixture(params=[False, True])
def file(request, tmp_path):
    """A struct with a number, a text, a cell and an empty array, compressed or not."""
    cell = np.empty((1, 2), object)
    cell[0, 0], cell[0, 1] = "text", np.zeros((0, 0))
    record = {"x": 1.5, "cell": cell, "flag": True, "pair": np.array([1 + 2j])}
    path = tmp_path / "a.mat"
    savemat(path, {"other": 7, "annolist": [record, record]}, do_compression=request.param)
    return path


def test_whole_files(file):
    check_elements(file.read_bytes(), "annolist")
    (cells,) = load_mat(file, "annolist")
    first = cells[0][0] if isinstance(cells, np.ndarray) else cells
    assert first["x"].item() == 1.5 and first["cell"][0, 0] == "text"


def test_an_unknown_type_of_numbers(tmp_path):
    savemat(tmp_path / "a.mat", {"annolist": np.array([[1.5, 2.5]])})
    data = bytearray((tmp_path / "a.mat").read_bytes())
    place = data.index(struct.pack("<II", 9, 16))  # miDOUBLE, two numbers
    data[place] = 199  # scipy: index 199 into an array of 20, the process ends
    (tmp_path / "a.mat").write_bytes(data)
    with pytest.raises(ValueError, match=r"a\.mat is not a readable .*types \[199\]"):
        load_mat(tmp_path / "a.mat", "annolist")


@pytest.mark.parametrize("seed", range(60))
def test_changed_bytes(file, seed):
    rng = np.random.default_rng(seed)
    data = bytearray(file.read_bytes())
    for place in rng.integers(128, len(data), 3):
        data[place] = rng.integers(256)
    file.write_bytes(data)
    line = "a.mat"
    try:
        load_mat(file, "annolist")
    except ValueError as error:
        line = str(error)
    assert "a.mat" in line and "\n" not in line


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"MATLAB 5.0 MAT-file, nothing more", "no head of a MATLAB 5 file"),
        (b"MATLAB 7.3 MAT-file".ljust(512) + b"\x89HDF\r\n\x1a\n", "save it with -v7"),
        (b" " * 126 + b"IM" + bytes(4), "byte 128: an element is cut short"),
        (b" " * 126 + b"IM" + struct.pack("<II", 14, 99), "larger than what holds it"),
        (b" " * 126 + b"IM" + struct.pack("<II", 15, 4) + b"abcd", "incorrect header check"),
        (b" " * 126 + b"IM" + struct.pack("<II", 14, 0), r"an array has the head \[\]"),
    ],
)
def test_what_is_no_mat_file(tmp_path, content, message):
    (tmp_path / "a.mat").write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.mat .*" + message):
        load_mat(tmp_path / "a.mat", "annolist")
