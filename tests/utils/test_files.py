import json
import multiprocessing
import os
import socket
import stat
from contextlib import contextmanager
from pathlib import Path

import pytest

from mmpose_temporal.utils import atomic_write, require_free, safe_join, write_json
from mmpose_temporal.utils.listing import is_input, list_inputs


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


def test_a_temporary_file_is_no_input(tmp_path):
    with atomic_write(tmp_path / "v.json") as file:
        file.write("{}")
        (name,) = os.listdir(tmp_path)
        assert name == ".v.json.tmp" and not is_input(name)


def test_an_existing_file_keeps_its_permissions(tmp_path):
    path = tmp_path / "x"
    path.write_text("old")
    path.chmod(0o600)
    with atomic_write(path) as file:
        file.write("new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_is_followed(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    with atomic_write(tmp_path / "link") as file:
        file.write("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"
    (tmp_path / "dangling").symlink_to("absent")
    with atomic_write(tmp_path / "dangling") as file:
        file.write("new")
    assert (tmp_path / "absent").read_text() == "new"


def test_only_files_are_replaced(tmp_path):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        (tmp_path / "null").symlink_to("/dev/null")
        before = sorted(os.listdir(tmp_path))
        for path, kind in (
            (tmp_path / "folder", "is a folder, which a file cannot replace"),
            (tmp_path / "pipe", "is a pipe, "),
            (tmp_path / "socket", "is a socket, "),
            (tmp_path / "null", "null is a device"),
            ("/dev/null", "is a device"),
            ("/dev/stdout", "is a device"),
            ("/dev/fd/1", "is a device"),
            ("/proc/self/fd/1", "is a device or a part of the system"),
        ):
            with pytest.raises(ValueError, match=kind), atomic_write(path):
                pass
        assert sorted(os.listdir(tmp_path)) == before
        assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_a_long_name(tmp_path):
    for name in ("x" * 250 + ".json", "ä" * 120 + ".json"):  # 255 bytes are what fits
        write_json(tmp_path / name, 1)
        assert os.listdir(tmp_path) == [name]
        (tmp_path / name).unlink()


def write_half(path, pipe):
    with atomic_write(path) as file:
        file.write("half")
        file.flush()
        pipe.send("writing")
        pipe.recv()


@contextmanager
def writing(path):
    """Another process that has written half of a file."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    process = context.Process(target=write_half, args=(path, there), daemon=True)
    process.start()
    assert here.recv() == "writing"
    yield process, here
    process.kill()


def test_a_killed_run_leaves_nothing_that_stays(tmp_path):
    path = tmp_path / "x.json"
    with writing(path) as (process, _):
        process.kill()
        process.join()
    assert os.listdir(tmp_path) == [".x.json.tmp"]
    assert list_inputs(tmp_path, (".json",)).files == []
    write_json(path, 1)
    assert os.listdir(tmp_path) == ["x.json"]


def test_two_processes_write_one_file(tmp_path):
    path = tmp_path / "x.json"
    with writing(path) as (process, pipe):
        write_json(path, 1)  # what the other one writes now is not taken for a leftover
        assert path.read_text() == "1"
        assert sorted(os.listdir(tmp_path)) == [".x.json.tmp", "x.json"]
        pipe.send("go on")
        process.join()
    assert path.read_text() == "half"
    assert os.listdir(tmp_path) == ["x.json"]


def test_a_planted_temporary_file_is_not_written(tmp_path):
    (tmp_path / "precious").write_text("old")
    (tmp_path / ".x.json.tmp").symlink_to("precious")
    write_json(tmp_path / "x.json", 1)
    assert (tmp_path / "precious").read_text() == "old"
    assert (tmp_path / "x.json").read_text() == "1"


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


def test_what_is_there_stays_without_overwrite(tmp_path):
    """The same content is no reason to stop: a run that was cut off is started again."""
    path = tmp_path / "a.json"
    write_json(path, {"a": 1}, overwrite=False)
    before = path.stat()
    write_json(path, {"a": 1}, overwrite=False)
    assert path.stat().st_ino == before.st_ino  # not written again
    with pytest.raises(FileExistsError, match=r"a\.json exists with other content"):
        write_json(path, {"a": 2}, overwrite=False)
    assert path.read_text() == '{"a":1}'
    write_json(path, {"a": 2})
    assert path.read_text() == '{"a":2}'
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileExistsError):
        write_json(tmp_path / "folder", {}, overwrite=False)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.json", "folder"]


def test_targets_must_be_free(tmp_path):
    there, absent = tmp_path / "there", tmp_path / "absent"
    there.write_text("")
    (tmp_path / "link").symlink_to(absent)  # broken, and yet somebody's
    require_free([absent], overwrite=False)
    require_free([there, absent], overwrite=True)
    for target in (there, tmp_path / "link"):
        with pytest.raises(FileExistsError, match=f"{target.name} exists; pass --overwrite"):
            require_free([absent, target], overwrite=False)
