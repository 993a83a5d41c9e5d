import multiprocessing
import os

import pytest

from mmpose_temporal.utils.staging import claim_folder, staged_folder


def fill(out, names=("a.txt", "b.txt"), text="new", fail=False):
    with staged_folder(out, names) as stage:
        for name in names:
            (stage / name).write_text(text)
        seen = os.listdir(out) if out.exists() else None
        if fail:
            raise KeyboardInterrupt
    return seen


def test_a_new_folder_appears_whole(tmp_path):
    out = tmp_path / "more" / "out"
    assert fill(out) is None
    assert sorted(os.listdir(out)) == ["a.txt", "b.txt"]
    assert os.listdir(out.parent) == ["out"]


def test_files_are_moved_into_a_folder_that_exists(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    (tmp_path / "c.txt").write_text("other")
    assert all(name.startswith(".") or name in ("a.txt", "c.txt") for name in fill(tmp_path))
    assert {name: (tmp_path / name).read_text() for name in sorted(os.listdir(tmp_path))} == {
        "a.txt": "new",
        "b.txt": "new",
        "c.txt": "other",
    }


@pytest.mark.parametrize("exists", [False, True])
def test_an_error_leaves_nothing(tmp_path, exists):
    out = tmp_path / "out"
    if exists:
        out.mkdir()
        (out / "a.txt").write_text("old")
    with pytest.raises(KeyboardInterrupt):
        fill(out, fail=True)
    assert os.listdir(tmp_path) == ["out"] * exists
    if exists:
        assert os.listdir(out) == ["a.txt"] and (out / "a.txt").read_text() == "old"


def test_what_cannot_be_written_is_said_before(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="is a file; name a folder"):
        fill(tmp_path / "file")
    (tmp_path / "out" / "b.txt").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"b\.txt is a folder"):
        fill(tmp_path / "out")
    with pytest.raises(ValueError, match="differ in capitals only"):
        fill(tmp_path / "new", names=("a.txt", "A.txt"))
    assert os.listdir(tmp_path / "out") == ["b.txt"] and not (tmp_path / "new").exists()


def stay(out, pipe):
    with staged_folder(out, ["a.txt"]) as stage:
        (stage / "a.txt").write_text("half")
        pipe.send(stage.name)
        pipe.recv()


@pytest.mark.parametrize("exists", [False, True])
def test_a_killed_run(tmp_path, exists):
    out = tmp_path / "out"
    if exists:
        out.mkdir()
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    process = context.Process(target=stay, args=(out, there), daemon=True)
    process.start()
    name = here.recv()
    assert name.startswith(".") and name.endswith(".partial")
    fill(out, names=("c.txt",))  # beside the other run, whose folder stays
    stage = (out if exists else tmp_path) / name
    assert os.listdir(stage) == ["a.txt"]
    process.kill()
    process.join()
    assert stage.is_dir()
    fill(out)
    assert not stage.exists()
    assert sorted(os.listdir(out)) == ["a.txt", "b.txt", "c.txt"]


def test_claimed_alone(tmp_path):
    path, descriptor = claim_folder(tmp_path / ".x.partial", alone=True)
    with pytest.raises(FileExistsError, match="another run is at work"):
        claim_folder(path, alone=True)
    os.close(descriptor)  # as when the run was killed
    (path / "left").write_text("")
    again, descriptor = claim_folder(path, alone=True)
    assert again == path and os.listdir(path) == []
    os.close(descriptor)
