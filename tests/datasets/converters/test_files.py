import json

import pytest

from mmpose_temporal.datasets.converters.files import (
    convert_files,
    read_json,
    require_free,
    source_files,
    write_folder,
)


def test_sources(tmp_path):
    for name in ("b.json", "a.json", "c.txt"):
        (tmp_path / name).write_text("1")
    assert [p.name for p in source_files(tmp_path)] == ["a.json", "b.json"]
    assert source_files(tmp_path / "c.txt") == [tmp_path / "c.txt"]
    with pytest.raises(FileNotFoundError, match=r"no file \*\.mat in"):
        source_files(tmp_path, (".mat",))
    with pytest.raises(FileNotFoundError, match="nowhere does not exist"):
        source_files(tmp_path / "nowhere")


def test_json(tmp_path):
    (tmp_path / "a.json").write_text('{"a": 1}')
    assert read_json(tmp_path / "a.json") == {"a": 1}
    (tmp_path / "a.json").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match=r"a\.json is not valid JSON"):
        read_json(tmp_path / "a.json")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        read_json(tmp_path / "b.json")


def test_a_broken_source_is_left_out(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_text(json.dumps(name))

    def convert(path, report):
        report.converted["files"] += 1
        if path.stem == "b":
            raise ValueError("frame 3 is broken")
        return read_json(path)

    files, out = source_files(tmp_path), tmp_path / "out"
    with pytest.raises(ValueError, match=r"b\.json: frame 3 is broken$"):  # nothing is left
        convert_files(files[1:], out, convert)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.json", "b.json"]
    report = convert_files(files, out, convert)
    assert report.converted == {"files": 1}  # what was counted of b before the error is not
    assert str(report).splitlines()[1:] == [
        "not converted, as they cannot be used: 1 files",
        f"    {tmp_path / 'b.json'}: frame 3 is broken",
    ]
    assert [p.name for p in out.iterdir()] == ["a.json"]
    report = convert_files(files[:1], out, convert, overwrite=True)
    assert report.converted == {"files": 1}
    assert str(report) == "converted: 1 files"
    assert read_json(out / "a.json") == "a"
    with pytest.raises(NotADirectoryError, match="is a file; name a folder"):
        write_folder([], tmp_path / "a.json", [])
    with pytest.raises(FileExistsError, match="pass --overwrite"):
        require_free([out / "a.json"], overwrite=False)
    require_free([out / "a.json"], overwrite=True)


def test_an_input_is_never_replaced(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "v.json").write_text("{}")
    (tmp_path / "link").symlink_to("in")
    for out in (tmp_path / "in", tmp_path / "link"):
        with pytest.raises(ValueError, match=r"v\.json is an input"):
            convert_files(source_files(tmp_path / "in"), out, lambda p, r: 1, overwrite=True)
    assert (tmp_path / "in" / "v.json").read_text() == "{}"


def test_figures_and_hidden_files_are_no_sources(tmp_path):
    for name, text in (("v10.json", "{}"), ("v9.json", "{}"), (".u.json", "{}"), ("t.json", "[]")):
        (tmp_path / name).write_text(text)
    assert [path.name for path in source_files(tmp_path)] == ["v9.json", "v10.json"]
