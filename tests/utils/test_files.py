import json
import os
import stat
from pathlib import Path

import pytest

from mmpose_temporal.utils import atomic_write, safe_join, write_json


def test_atomic_write_makes_folders_and_leaves_no_other_file(tmp_path):
    path = tmp_path / "a" / "b.txt"
    with atomic_write(path) as file:
        file.write("Größe")
        assert not path.exists()  # nothing to see before it is whole
    assert path.read_text(encoding="utf-8") == "Größe"
    assert os.listdir(path.parent) == ["b.txt"]


def test_atomic_write_of_bytes(tmp_path):
    with atomic_write(tmp_path / "x.bin", "wb") as file:
        file.write(b"\x00\xff")
    assert (tmp_path / "x.bin").read_bytes() == b"\x00\xff"


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_leaves_the_old_file_and_no_temporary_one(tmp_path, error):
    path = tmp_path / "x.txt"
    path.write_text("old")

    def fail():
        with atomic_write(path) as file:
            file.write("half")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["x.txt"]


def test_atomic_write_gives_the_usual_permissions(tmp_path):
    (tmp_path / "plain").write_text("")
    with atomic_write(tmp_path / "atomic"):
        pass
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "atomic")]
    assert modes[0] == modes[1]


@pytest.mark.parametrize("mode", ["a", "r", "w+", "x"])
def test_atomic_write_refuses_other_modes(tmp_path, mode):
    with pytest.raises(ValueError, match="mode"), atomic_write(tmp_path / "x", mode):
        pass
    assert os.listdir(tmp_path) == []


def test_write_json(tmp_path):
    write_json(tmp_path / "x.json", {"a": [1, 2.5, None]})
    assert json.loads((tmp_path / "x.json").read_text()) == {"a": [1, 2.5, None]}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_write_json_refuses_what_json_does_not_have(tmp_path, value):
    (tmp_path / "x.json").write_text("old")
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "x.json", {"a": [1, value]})
    assert (tmp_path / "x.json").read_text() == "old"
    assert os.listdir(tmp_path) == ["x.json"]


@pytest.mark.parametrize(
    ("relative", "expected"),
    [
        ("a/b.jpg", "a/b.jpg"),
        ("a/../b.jpg", "b.jpg"),
        ("./a//b.jpg", "a/b.jpg"),
        ("a\\b.jpg", "a/b.jpg"),
        ("..a/b.jpg", "..a/b.jpg"),
    ],
)
def test_safe_join_inside(relative, expected):
    assert safe_join("/data", relative) == Path("/data") / expected


@pytest.mark.parametrize(
    "relative",
    ["", "/etc/passwd", "//etc/passwd", "..", "../x", "a/../../x", "..\\x", "a\\..\\..\\x", "\\x"],
)
def test_safe_join_refuses_to_leave_the_root(relative):
    with pytest.raises(ValueError, match="leaves the data root '/data'"):
        safe_join("/data", relative)
